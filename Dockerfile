# One image for every program of Baton: they share all their dependencies, which are nearly all of its size. The working
# directory says which service a container is (docs/how-to/deploy.md has the figures):
#     docker run --workdir /app/services/orders … baton
FROM node:24.21.0-slim AS base
WORKDIR /app

# The manifests alone, so that a change of source leaves the layers with dependencies as they are.
FROM base AS manifests
COPY . .
RUN find . -type f ! -name package.json ! -name 'pnpm-*.yaml' ! -path './patches/*' -delete && find . -type d -empty -delete

FROM base AS pnpm
ENV CI=true
COPY --from=manifests /app/package.json ./
# Corepack is not part of every Node image, and does not know this pnpm.
RUN --mount=type=cache,target=/root/.npm \
    npm install --global --no-fund --no-audit "$(node -p 'require("./package.json").packageManager')"
COPY --from=manifests /app .

FROM pnpm AS build
RUN --mount=type=cache,id=pnpm,target=/pnpm \
    pnpm install --frozen-lockfile --store-dir=/pnpm --filter . --filter '{services/*}...' --filter '{libs/client}...'
COPY . .
RUN node_modules/.bin/tsc -b services/*/tsconfig.json libs/client/tsconfig.json \
 && find libs services -path '*/node_modules' -prune -o -path '*/dist/*' -type f -name '*.js' -print0 \
  | xargs -0 cp --parents --target-directory="$(mkdir -p /built && echo /built)"

FROM pnpm AS production
RUN --mount=type=cache,id=pnpm,target=/pnpm \
    pnpm install --frozen-lockfile --store-dir=/pnpm --prod --filter '{services/*}...' --filter '{libs/client}...' \
 && pnpm sbom --sbom-format cyclonedx --sbom-type application --prod --lockfile-only --out sbom.cdx.json \
 && find node_modules -type f \( -name '*.map' -o -name '*.ts' -o -name '*.mts' -o -name '*.cts' \) -delete \
 && rm -r patches pnpm-lock.yaml pnpm-workspace.yaml

FROM base
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Baton" \
      org.opencontainers.image.description="Order fulfilment: event-driven services on Kafka with a saga coordinator" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080
# Megabytes for what lives long and for what does not: without a bound Node lets garbage lie as long as the machine has
# room. A service needs some 60 at rest and 150 with thousands of orders in flight.
ENV NODE_OPTIONS="--max-old-space-size=192 --max-semi-space-size=8"
# For what a program keeps in a volume; the rest of the file system may be read-only.
RUN install -d -o node -g node /data
COPY --from=production /app .
COPY --from=build /built .
USER node
EXPOSE 8080
# Ready, not just alive: Compose starts what depends on a service once its database and its consumer work.
HEALTHCHECK --interval=15s --timeout=10s --start-period=180s --start-interval=3s --retries=3 \
    CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/ready`).then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Resolved from the working directory, as every service depends on it.
CMD ["node", "--import", "@baton/service-kit/otel", "dist/main.js"]
