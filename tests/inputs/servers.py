"""Servers and the environment."""

from tests.inputs.row import BAD_INPUT, DANCE, FAILED, QUERY, USAGE, Row, dances

_GONE = "model retarget is not available after 0 s"
_NOW = "--wait_seconds=0 --out=o.mp4"

ROWS = [
    Row(f"{DANCE} --server=localhost {_NOW}", USAGE, "server must be host:port"),
    Row(f"{DANCE} --server=localhost: {_NOW}", USAGE, "server must be host:port"),
    Row(f"{DANCE} --server=:8500 {_NOW}", USAGE, "server must be host:port"),
    Row(f"{DANCE} --server=localhost:port {_NOW}", USAGE, "server must be host:port"),
    Row(f"{DANCE} --server=localhost:99999 {_NOW}", USAGE, "server must be host:port"),
    Row(f"{DANCE} --server=http://localhost:1 {_NOW}", USAGE, "server must be host:port"),
    Row(f"{DANCE} --server=localhost:1 {_NOW}", FAILED, _GONE),
    Row(f"{DANCE} --server=no.such.host.invalid:8500 {_NOW}", FAILED, _GONE),
    Row(f"{QUERY} --server=localhost:1 {_NOW}", FAILED, _GONE),
    Row(
        f"{DANCE} --server=localhost:1 --model=stable_128 {_NOW}", USAGE, "not both", brought="`--server` and `--model`"
    ),
    Row(f"http_proxy=http://localhost:2 {DANCE} --server=localhost:1 {_NOW}", FAILED, _GONE),
    Row(f"https_proxy=nonsense {DANCE} --server=localhost:1 {_NOW}", FAILED, _GONE),
    Row("retarget-page --host=0.0.0.0", USAGE, "an address that others can reach needs auth"),
    Row("retarget-page --host=no.such.host.invalid --auth=photo.png", BAD_INPUT, r"auth photo.png: is not in UTF-8"),
    Row("retarget-page --auth=missing", BAD_INPUT, "auth missing: No such file"),
    Row("retarget-page --auth=photos/text.jpg", BAD_INPUT, "is not user:password"),
    Row("retarget-page --model=nowhere", BAD_INPUT, "model nowhere: must be a workdir"),
    Row("retarget-page --tls_cert=photo.png", USAGE, "give tls_cert and tls_key together"),
    Row("retarget-page --max_seconds=long", USAGE, "max_seconds must be a number"),
    dances(f"KERAS_BACKEND=jax {DANCE} --show=maps --max_frames=1"),
]
