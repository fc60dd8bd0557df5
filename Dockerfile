# Saypin: no network at run time, nothing written outside /data, no root.
#   docker build -t saypin .
#   docker run -p 8080:8080 -v saypin:/data --read-only --tmpfs /tmp saypin

FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No package that runs here needs an install script; our own (prepare) builds the client for those who publish it.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:24-slim
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    DATA_DIR=/data
WORKDIR /app
RUN mkdir -m 0700 /data && chown node:node /data
# Owned by root: the service cannot change what it runs.
COPY --from=dependencies /app/node_modules node_modules
COPY package.json LICENSE ./
COPY bin bin
COPY ivr ivr
COPY sip-sim sip-sim
COPY src src
USER node
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT||8080}/health/ready`).then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
# Live calls finish first: give it a minute (docker stop -t 70).
STOPSIGNAL SIGTERM
CMD ["node", "--disable-warning=ExperimentalWarning", "src/main.ts"]
