"""What a browser lets the console's page do: the header that goes out with each of its files."""

# As CloudFront's in template.yaml, but that its page there may ask the pool for a token as well.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types lit-html"
)
