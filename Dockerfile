# SPDX-License-Identifier: Apache-2.0
# The image: nothing but clew, its libraries, certificates and time zones (scripts/rootfs). It runs as
# user 65532 with one capability, CAP_DAC_READ_SEARCH, which lets it read logs that belong to root; a
# container that does not have it cannot start clew: add it, and drop all others.
#
#   docker build -t clew .
FROM debian:12-slim AS build
WORKDIR /src
COPY scripts/packages scripts/packages
RUN apt-get update && scripts/packages build \
    && apt-get install -y --no-install-recommends binutils ca-certificates libcap2-bin
COPY . .
RUN scripts/rootfs /rootfs

FROM scratch
COPY --from=build /rootfs /
USER 65532:65532
ENTRYPOINT ["/usr/bin/clew"]
CMD ["run"]
