# One image with every target: `tandem serve --target=router`, `tandem db upgrade`, `tandem demo --beside`.
# It runs as a user without rights, on a read-only file system, and calls no shell. It holds no PostgreSQL: an image has
# one beside it, so requirements/image.txt is the runtime lock without the embedded server's wheel.
ARG PYTHON=python:3.13-slim-bookworm

FROM ${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
RUN python3 -m venv /build && python3 -m venv --without-pip /opt/tandem
# The locks first: a change of the code installs nothing again.
COPY requirements/build.txt requirements/image.txt requirements/
RUN /build/bin/pip install --quiet --require-hashes -r requirements/build.txt \
    && /build/bin/pip --python /opt/tandem/bin/python install --quiet --require-hashes --only-binary :all: \
        -r requirements/image.txt
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY tandem tandem
COPY services services
COPY deploy/agreement deploy/agreement
COPY docs/integrations docs/integrations
# A file of another Python version inside a package may not compile; nobody imports it.
RUN /build/bin/pip wheel --quiet --no-deps --no-build-isolation --no-index --wheel-dir /wheel . \
    && /build/bin/pip --python /opt/tandem/bin/python install --quiet --no-deps --no-index /wheel/*.whl \
    && mkdir /data \
    && { /opt/tandem/bin/python -m compileall -q -j 0 /opt/tandem/lib >/dev/null || true; }

FROM ${PYTHON}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Tandem" \
      org.opencontainers.image.description="Alert routing for co-managed IT: one environment, two parties." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /opt/tandem /opt/tandem
# A new named volume takes owner and mode of what it covers: these two are the only places Tandem ever writes to.
COPY --from=build --chown=10001:10001 --chmod=0700 /data /var/lib/tandem
COPY --from=build --chown=10001:10001 --chmod=0711 /data /run/tandem
ENV PATH=/opt/tandem/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TANDEM_DATA_DIR=/var/lib/tandem \
    TANDEM_LISTEN=0.0.0.0:8080 \
    TANDEM_LOG_FORMAT=json
WORKDIR /var/lib/tandem
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
    CMD ["/opt/tandem/bin/python", "-ISc", "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/livez', timeout=4)"]
ENTRYPOINT ["tandem"]
CMD ["--help"]
