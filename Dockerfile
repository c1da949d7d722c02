# syntax=docker/dockerfile:1
# One image for every role: `hive serve` (the default), `hive specialist NAME`, `hive worker`, `hive train`.
#   docker build -t neural-hive-mind .
# Another base with Python 3.11 or newer can be given: --build-arg BASE_IMAGE=...
ARG BASE_IMAGE=python:3.12-slim-bookworm

FROM ${BASE_IMAGE} AS build
WORKDIR /build
# What is installed is what is locked, hash by hash. Packages come first: they change less often than the code.
COPY requirements.lock locks/all.lock
COPY deploy/requirements.lock locks/image.lock
RUN python -m venv /opt/hive && python -m venv /opt/builder \
 && awk '/^[a-z]/ {kept = /^(hatchling|packaging|pathspec|pluggy|tomlkit|trove-classifiers)==/} kept' locks/all.lock > builder.lock
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_COMPILE=1
RUN /opt/hive/bin/pip install --require-hashes --requirement locks/image.lock \
 && /opt/builder/bin/pip install --require-hashes --requirement builder.lock
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN /opt/builder/bin/pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
 && /opt/hive/bin/pip install --no-deps dist/*.whl \
 && /opt/hive/bin/pip uninstall --yes pip setuptools \
 && /opt/hive/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/hive/lib

FROM ${BASE_IMAGE}
LABEL org.opencontainers.image.title="Neural Hive-Mind" \
      org.opencontainers.image.description="States what a change would do, judges it four ways, answers with proof." \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/hive /opt/hive
# No name in /etc/passwd is needed. Mount a volume at /data where the ledger or its key lives.
RUN mkdir -p /data && chown 1000:1000 /data
ENV PATH=/opt/hive/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HIVE_DATA_DIR=/data \
    HIVE_HOST=0.0.0.0 \
    HIVE_GRPC_HOST=0.0.0.0 \
    HIVE_LOG_FORMAT=json
USER 1000:1000
WORKDIR /data
EXPOSE 8000 50051
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ.get('HIVE_PORT', '8000')}/health\", timeout=2)"]
ENTRYPOINT ["hive"]
CMD ["serve"]
