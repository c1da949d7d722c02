# One image for every role: `hive gateway` (also `serve`, the default), `hive specialist NAME`, `hive worker`, `hive train`.
#   make image                               with Docker or, without a Docker engine, with buildah
#   docker build -t neural-hive-mind .       the same by hand
# The image begins empty and receives Python, the libraries that it loads, the locked packages and the code: no shell, no
# pip, no package manager. BASE_IMAGE is where Python and the libraries are taken from: any Debian-like image with
# Python 3.11 or newer and its venv module. WITH_SPACY_MODELS=1 adds spaCy with its models for Portuguese and English.
ARG BASE_IMAGE=python:3.12-slim-bookworm

# What changes less often than the code. pip.conf and ca.crt are the builder's own and stay outside the image.
FROM ${BASE_IMAGE} AS packages
SHELL ["/bin/sh", "-eu", "-c"]
WORKDIR /build
ARG WITH_SPACY_MODELS=0
COPY deploy/image/models.py deploy/image/models.txt ./
RUN --mount=type=secret,id=ca.crt,target=/run/secrets/ca.crt \
    python3 models.py --wanted "${WITH_SPACY_MODELS}" --list models.txt --into models
COPY deploy/requirements.lock image.lock
COPY deploy/image/requirements.lock builder.lock
COPY deploy/image/spacy.lock spacy.lock
ENV PIP_CONFIG_FILE=/run/secrets/pip.conf \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ONLY_BINARY=:all: \
    PIP_QUIET=1
RUN --mount=type=secret,id=pip.conf,target=/run/secrets/pip.conf \
    --mount=type=secret,id=ca.crt,target=/run/secrets/ca.crt \
    --mount=type=cache,target=/root/.cache/pip \
    python3 -m venv --without-pip /opt/hive; \
    python3 -m venv /opt/builder; \
    install="/opt/builder/bin/pip --python /opt/hive/bin/python install --no-compile"; \
    /opt/builder/bin/pip install --require-hashes --requirement builder.lock; \
    $install --require-hashes --requirement image.lock; \
    if [ "${WITH_SPACY_MODELS}" = 1 ]; then \
      $install --require-hashes --requirement spacy.lock; \
      $install --no-deps models/*.whl; \
    fi
COPY deploy/image/gather.py deploy/image/debian.py deploy/image/compile.py ./
RUN python3 gather.py --packages /opt/hive --root /rootfs; \
    python3 debian.py --root /rootfs; \
    /opt/hive/bin/python -BP compile.py --packages /opt/hive --root /rootfs; \
    mkdir -p /data /packages/opt; \
    cp -al /opt/hive /packages/opt/hive; \
    find /rootfs /packages -exec touch --no-dereference --date=1980-01-01T00:00:00Z {} +

FROM packages AS code
COPY pyproject.toml README.md LICENSE ./
COPY src src
COPY deploy/image/sbom.py deploy/image/own.py ./
RUN /opt/builder/bin/python -m hatchling build --target wheel --directory dist; \
    /opt/builder/bin/pip --python /opt/hive/bin/python install --no-compile --no-deps dist/*.whl; \
    /opt/builder/bin/python sbom.py --packages /opt/hive --root /rootfs --output /own/opt/hive/sbom.cdx.json; \
    /opt/hive/bin/python -BP own.py --root /own; \
    find /own -exec touch --no-dereference --date=1980-01-01T00:00:00Z {} +

FROM scratch
# Mount a volume at /data where the ledger or its key lives; everything else may be read-only.
ENV PATH=/opt/hive/bin \
    LANG=C.UTF-8 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HIVE_DATA_DIR=/data \
    HIVE_HOST=0.0.0.0 \
    HIVE_GRPC_HOST=0.0.0.0 \
    HIVE_LOG_FORMAT=json
USER 1000:1000
EXPOSE 8000 50051
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ.get('HIVE_PORT', '8000')}/health\", timeout=2)"]
ENTRYPOINT ["hive"]
CMD ["serve"]
COPY --from=packages /rootfs /
COPY --from=packages --chown=1000:1000 /data /data
WORKDIR /data
COPY --from=packages /packages /
# The order is that of change: what a node has already is not sent again.
COPY --from=code /own /
ARG VERSION=unknown
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
ARG SOURCE=unknown
LABEL org.opencontainers.image.title="Neural Hive-Mind" \
      org.opencontainers.image.description="States what a change would do, judges it four ways, answers with proof." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.source="${SOURCE}"
