# syntax=docker/dockerfile:1
ARG PYTHON=3.13
FROM python:${PYTHON}-slim AS build
WORKDIR /build
COPY requirements.txt .
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt

FROM python:${PYTHON}-slim
# libltdl and krb5 are what Microsoft's driver for Azure SQL links to; mssql-django also imports
# pyodbc when it loads, whose wheel wants unixODBC's libodbc.
RUN apt-get update && apt-get install -y --no-install-recommends libltdl7 libodbc2 libkrb5-3 libgssapi-krb5-2 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --no-create-home --uid 10001 site
WORKDIR /site
COPY --from=build /venv /venv
COPY manage.py gunicorn.conf.py ./
COPY restaurant_site restaurant_site
COPY reservations reservations
COPY menus menus
COPY templates templates
COPY static static
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 SITE_ENV=production PORT=8000
# collectstatic needs settings, but neither a database nor a secret that is ever used.
RUN SECRET_KEY=build ALLOWED_HOSTS=build DATABASE_URL=postgresql://build/build REDIS_URL=redis://build/0 \
    SITE_URL=https://build EMAIL_URL=smtp://build EMAIL_FROM=build@build.example \
    python manage.py collectstatic --noinput
USER site
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=3s --start-period=20s \
    CMD python -c "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/healthz', timeout=2)"
CMD ["gunicorn", "restaurant_site.wsgi:application"]
