# Builds in one stage and keeps, in the second, the traced server, the programs of the start and of the operator, and the migrations.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build
RUN mkdir -p .data/attachments

FROM node:24-bookworm-slim
LABEL org.opencontainers.image.title=Switchboard org.opencontainers.image.licenses=Apache-2.0
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/.next/standalone ./
# Uploaded files, where no S3-compatible store is set: mount a volume here.
COPY --from=build --chown=node:node /app/.data ./.data
COPY --from=build /app/scripts/docker/switchboard.sh /usr/local/bin/switchboard
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PORT || 3000) + '/api/health/ready').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Migrates first if DATABASE_DIRECT_URL is set, else makes sure that somebody did. `::` is every address, of IPv4 too.
CMD ["switchboard", "start", "--listen", "::"]
