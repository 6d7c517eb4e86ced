#!/bin/sh
# Makes the secrets of a local system, each once: a password for every role of Postgres, in the form in which its owner
# reads it, and the key with which carriers sign. Each folder of the volume belongs to who it is mounted into.
set -eu
umask 077
cd /secrets

SERVICE_UID=1000  # `node` in Baton's image
POSTGRES_UID=999  # `postgres` in its image

random() { head -c 24 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }

# make FILE: keeps what is there; a file is whole or absent, also when we are stopped in between.
make() {
  [ -s "$1" ] && return
  mkdir -p "${1%/*}"
  cat >"$1.part"
  mv "$1.part" "$1"
}

random | make postgres/superuser
for service in orders coordinator inventory warehouse shipping notification; do
  random | make "postgres/$service"
  echo "postgres://baton_$service:$(cat "postgres/$service")@postgres:5432/baton_$service" >"$service.part"
  mkdir -p "$service"
  mv "$service.part" "$service/database-url"
done
random | make shipping/webhook-secret
mkdir -p carriers
cp shipping/webhook-secret carriers/webhook-secret
echo smtp://mailpit:1025 >notification/smtp-url

chown -R "$SERVICE_UID:$SERVICE_UID" orders coordinator inventory warehouse shipping notification carriers
chown -R "$POSTGRES_UID:$POSTGRES_UID" postgres
chmod 711 .
