# Built in one image and run in another, which has neither the sources nor the tools.
FROM node:24-slim AS build
WORKDIR /sendwright
COPY package.json package-lock.json .npmrc ./
COPY admin/package.json admin/
RUN npm ci
COPY . .
RUN npm run build

FROM node:24-slim
ENV NODE_ENV=production \
    SENDWRIGHT_HOST=0.0.0.0 \
    SENDWRIGHT_DATA_DIR=/data
WORKDIR /sendwright
COPY package.json package-lock.json .npmrc ./
COPY admin/package.json admin/
RUN npm ci --omit=dev --workspaces=false \
    && npm cache clean --force \
    && mkdir /data \
    && chown node:node /data
COPY bin bin
COPY --from=build /sendwright/dist dist
USER node
# The SQLite database and the generated key; unused with SENDWRIGHT_DATABASE_URL.
VOLUME /data
EXPOSE 4650
HEALTHCHECK --interval=10s --timeout=6s --start-period=10s \
    CMD ["node", "-e", "fetch('http://127.0.0.1:' + (Number(process.env.SENDWRIGHT_PORT) || 4650) + '/api/ready').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# What is between MAIL and the last reply is finished within 10 seconds.
STOPSIGNAL SIGTERM
ENTRYPOINT ["/sendwright/bin/sendwright.js"]
