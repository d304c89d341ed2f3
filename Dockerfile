# docker build -t menfang .
# docker run -p 8080:8080 -v menfang:/data -e MENFANG__HTTP__PUBLIC_URL=https://login.example.com … menfang
#
# Settings come by MENFANG__SECTION__KEY (docs/configuration.md); secrets best by mounted files:
#   -e MENFANG__SECRETS__INDEX_KEY_FILE=/run/secrets/index_key
# Health is asked from outside, on the port of operations: GET :9090/livez and :9090/readyz.

# What the program runs on, and what it is built with.
ARG BASE=debian:bookworm-slim
ARG BUILDER=rust:1-bookworm
# "built" compiles it here; "prebuilt" takes target/image/menfang, built before on a system of the same age.
ARG BINARY=built

FROM ${BUILDER} AS built
WORKDIR /src
COPY . .
RUN cargo build --release --locked --bin menfang && install -D target/release/menfang /out/menfang

FROM ${BASE} AS prebuilt
COPY target/image/menfang /out/menfang

FROM ${BINARY} AS binary

FROM ${BASE}
# WeChat and the SMS providers are reached by TLS, checked against the system's certificates.
RUN test -e /etc/ssl/certs/ca-certificates.crt || { \
        apt-get update \
        && apt-get install -y --no-install-recommends ca-certificates \
        && rm -rf /var/lib/apt/lists/*; }
RUN groupadd --gid 10001 menfang \
    && useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin menfang \
    && install -d -o menfang -g menfang -m 0750 /data
COPY --from=binary --chmod=0755 /out/menfang /usr/local/bin/menfang

# Inside a container the outer port decides who gets in; publish 8080, and leave 9090 to the probes.
ENV MENFANG__HTTP__LISTEN=0.0.0.0:8080 \
    MENFANG__OPS__LISTEN=0.0.0.0:9090
EXPOSE 8080
VOLUME /data
# From here the default database, sqlite://data/menfang.db, is on the volume; a variable would be in the way of database.url_file.
WORKDIR /
USER 10001:10001
ENTRYPOINT ["menfang"]
CMD ["serve"]
