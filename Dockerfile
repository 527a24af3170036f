# All programs in a container, for processors of x86-64 and arm64; docs/container.md says how to run it.
#
#   docker build -t retarget_tf .
#   docker build -t retarget_tf --build-arg EXTRAS=extract,heif,page,cuda .   # for NVIDIA's container toolkit; not tried

FROM python:3.11-slim-bookworm AS wheel
COPY . /src
RUN pip wheel --no-cache-dir --no-deps --wheel-dir=/wheels /src

FROM python:3.11-slim-bookworm
ARG EXTRAS=extract,heif,page
SHELL ["/bin/bash", "-o", "pipefail", "-c"]

# MediaPipe links to EGL and GLES, also where it computes on the processor.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libegl1 libgles2 \
    && rm -rf /var/lib/apt/lists/*

# mediapipe brings opencv-contrib-python, whose cv2 needs libGL: the last line puts the headless one back.
COPY --from=wheel /wheels /wheels
# hadolint ignore=DL3013
RUN pip install --no-cache-dir "$(echo /wheels/*.whl)[$EXTRAS]" \
    && pip install --no-cache-dir --no-deps --force-reinstall "$(pip freeze | grep opencv-python-headless)"

# Whoever runs it, with any --user, finds the models and may write below its home.
ENV HOME=/tmp XDG_CACHE_HOME=/var/cache/dancer
RUN retarget-fetch-models && chmod -R a+rwX /var/cache/dancer
USER 1000

CMD ["retarget-page"]
