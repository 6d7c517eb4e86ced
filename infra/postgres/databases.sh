#!/bin/sh
# Gives every service a database and a role that may use this one alone, and make tables in it, and nothing else.
# Repeating it changes nothing but passwords that are no longer those of the secrets.
#
# Reads /run/secrets/superuser and a file with a password for each service; PGHOST, PGUSER and PGDATABASE say where.
set -eu
PGPASSWORD=$(cat /run/secrets/superuser)
export PGPASSWORD

for service in orders coordinator inventory warehouse shipping notification; do
  psql --quiet --no-psqlrc -v ON_ERROR_STOP=1 -v name="baton_$service" -v file="/run/secrets/$service" <<'SQL'
\set password `cat :file`
select format('create role %I', :'name') where not exists (select from pg_roles where rolname = :'name') \gexec
alter role :"name" login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password :'password';
select format('create database %I encoding ''UTF8''', :'name')
where not exists (select from pg_database where datname = :'name') \gexec
revoke all on database :"name" from public;
grant connect, temporary on database :"name" to :"name";
\connect :"name"
grant usage, create on schema public to :"name";
SQL
done
psql --quiet --no-psqlrc -v ON_ERROR_STOP=1 -c 'revoke connect on database postgres, template1 from public'
echo 'Every service has its database.'
