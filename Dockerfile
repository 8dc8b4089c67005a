# syntax=docker/dockerfile:1

FROM python:3.13-slim-trixie AS build
WORKDIR /almanac
RUN python -m venv /venv
# Several names, with spaces between them, for several extras: requirements-s3.txt, requirements-search.txt
ARG REQUIREMENTS=requirements.txt
COPY requirements*.txt ./
RUN for each in $REQUIREMENTS; do \
        /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r "$each" || exit 1; \
    done
COPY . .
RUN /venv/bin/python -m compileall -q config.py celery_runner.py manage.py webapp migrations

FROM python:3.13-slim-trixie
RUN groupadd --gid 10001 almanac \
    && useradd --no-log-init --uid 10001 --gid almanac --home-dir /data --shell /usr/sbin/nologin almanac \
    && install -d -o almanac -g almanac -m 0750 /data
COPY --from=build /venv /venv
COPY --from=build /almanac /almanac
WORKDIR /almanac
USER 10001:10001
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 WEBAPP_ENV=prod DATA_DIR=/data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s CMD ["python", "deploy/healthcheck.py", "web"]
CMD ["gunicorn", "--bind", "0.0.0.0:8000", "webapp:create_app()"]
