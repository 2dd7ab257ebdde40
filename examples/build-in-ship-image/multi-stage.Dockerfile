# One stage builds, another ships: only the program arrives.
FROM debian:bookworm-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev make \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY hello.c Makefile ./
RUN make hello

FROM debian:bookworm-slim
COPY --from=build /app/hello /app/hello
USER 10001
CMD ["/app/hello"]
