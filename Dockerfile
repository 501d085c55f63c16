# SPDX-License-Identifier: Apache-2.0
# The image: nothing but clew, its libraries, certificates and time zones (scripts/rootfs). It runs as
# user 65532, with no capability and no way to one. Logs that belong to root, as those of pods do, are
# read by `--user 0 --cap-drop ALL`: root without capabilities is their owner, and no more than that.
#
#   docker build -t clew .
FROM debian:12-slim AS build
WORKDIR /src
COPY scripts/packages scripts/follow scripts/
RUN apt-get update && scripts/packages build \
    && apt-get install -y --no-install-recommends binutils ca-certificates
COPY . .
RUN scripts/rootfs /rootfs

FROM scratch
COPY --from=build /rootfs /
USER 65532:65532
ENTRYPOINT ["/usr/bin/clew"]
CMD ["run"]
