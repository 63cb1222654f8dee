# The site, and with another command its jobs and its migrations: docs/hosting.md.
# The tag that the tests ran on. Another one: docker build --build-arg PYTHON_TAG=3.13-slim-bookworm .
ARG PYTHON_TAG=3.11-slim-bookworm

FROM python:${PYTHON_TAG} AS build
WORKDIR /build
COPY requirements.txt .
# Wheels alone, each by its hash: nothing is compiled, and no installer ends up beside the site.
RUN python -m venv --without-pip /venv \
    && pip --python /venv/bin/python install --no-cache-dir --only-binary :all: --require-hashes -r requirements.txt

FROM python:${PYTHON_TAG}
# libltdl and krb5 are what Microsoft's driver for Azure SQL links to; mssql-django also imports
# pyodbc when it loads, whose wheel wants unixODBC's libodbc.
RUN apt-get update \
    && apt-get install -y --no-install-recommends libltdl7 libodbc2 libkrb5-3 libgssapi-krb5-2 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --no-create-home --home-dir /tmp --shell /usr/sbin/nologin --uid 10001 site \
    && install --directory --owner site --group site /photos
WORKDIR /site
COPY --from=build /venv /venv
COPY manage.py gunicorn.conf.py ./
COPY restaurant_site restaurant_site
COPY reservations reservations
COPY menus menus
COPY templates templates
COPY static static
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 SITE_ENV=production PORT=8000
# collectstatic needs settings, but neither a database nor a secret that is ever used. What is compiled here
# need not be at every start: the root may be read-only.
RUN SECRET_KEY=build-build-build-build-build-build-build-build-build ALLOWED_HOSTS=build SITE_URL=https://build.example \
    DATABASE_URL=postgresql://build/build REDIS_URL=redis://build/0 \
    EMAIL_URL=smtp://build EMAIL_FROM=build@build.example \
    python manage.py collectstatic --noinput --verbosity 0 \
    && python -m compileall -q manage.py gunicorn.conf.py restaurant_site reservations menus
# By number: who runs it with runAsNonRoot can tell.
USER 10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/healthz', timeout=2)"]
# A list, not a line for a shell: gunicorn itself gets SIGTERM and lets requests end.
CMD ["gunicorn", "restaurant_site.wsgi:application"]
