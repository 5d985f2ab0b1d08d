# The page and the API: docker build -t mien . && docker run --rm -p 127.0.0.1:5000:5000 mien
FROM node:22-slim AS live
WORKDIR /mien/web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN npm ci

FROM python:3.11-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends libegl1 libgl1 libgles2 libglib2.0-0 \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /mien
COPY requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
COPY --from=live /mien/web/node_modules web/node_modules
RUN useradd --create-home mien
USER mien
ENV MIEN_HOST=0.0.0.0
EXPOSE 5000
HEALTHCHECK CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:5000/readyz')"]
CMD ["python", "-m", "web"]
