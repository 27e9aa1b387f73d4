# The page and the command without PyTorch, on the CPU:
#   docker build -t lpgan-demo .
#   docker run --rm --read-only --tmpfs /tmp -p 7860:7860 lpgan-demo
#   docker run --rm --read-only --tmpfs /tmp -v "$PWD/photos:/photos:ro" lpgan-demo lpgan-demo read /photos
FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 python3-venv ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --shell /usr/sbin/nologin reader
WORKDIR /opt/lpgan-demo
COPY pyproject.toml README.md LICENSE ./
COPY lpgan_demo lpgan_demo
RUN python3 -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir ".[onnx,demo]"
COPY weights/onnx weights
COPY examples/*.png examples/
ENV PATH=/opt/venv/bin:$PATH LPGAN_WEIGHTS=/opt/lpgan-demo/weights LPGAN_BACKEND=onnx \
    GRADIO_SERVER_NAME=0.0.0.0 GRADIO_TEMP_DIR=/tmp/gradio HOME=/tmp PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER reader
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python3", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:7860/healthz', timeout=4)"]
CMD ["lpgan-demo", "demo", "--backend", "onnx", "--port", "7860"]
