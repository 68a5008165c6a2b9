"""A confidential web application that signs people in with Authlib and Flask, and a service that acts for itself.

One person at a time is enough for a test, so their tokens are kept here.
"""

import os

from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from authlib.integrations.requests_client import OAuth2Session
from flask import Flask, redirect, session, url_for

app = Flask(__name__)
app.secret_key = os.urandom(32)
provider = OAuth(app).register(
    "provider",
    client_id="webapp",
    client_secret=os.environ["WEBAPP_SECRET"],
    server_metadata_url=os.environ["ISSUER"] + "/.well-known/openid-configuration",
    client_kwargs={"scope": "openid email offline_access", "code_challenge_method": "S256"},
)
tokens = {}


@app.errorhandler(OAuthError)
def refused(error):
    return {"error": error.error}, 400


@app.get("/")
def home():
    person = session.get("person")
    return f"<h1>Hello, {person}</h1>" if person else "<h1>Nobody is signed in</h1>"


@app.get("/login")
def login():
    return provider.authorize_redirect(url_for("callback", _external=True))


@app.get("/callback")
def callback():
    tokens.clear()
    # Checks state, nonce, and the ID token's signature and claims.
    tokens.update(provider.authorize_access_token())
    session["person"] = provider.userinfo(token=tokens)["email"]
    session["id_token"] = tokens["id_token"]
    return redirect(url_for("home"))


@app.get("/me")
def me():
    answer = provider.get(endpoint("userinfo"), token=tokens)
    return answer.json() if answer.ok else ({"error": answer.status_code}, 400)


@app.get("/refresh")
def refresh():
    before = dict(tokens)
    with client("webapp", "WEBAPP_SECRET") as web:
        tokens.update(web.refresh_token(endpoint("token"), refresh_token=before["refresh_token"]))
    return {name: tokens[name] != before[name] for name in ("access_token", "refresh_token")}


@app.get("/logout")
def logout():
    hint = session.pop("id_token")
    session.pop("person")
    return provider.logout_redirect(
        post_logout_redirect_uri=url_for("logged_out", _external=True), id_token_hint=hint
    )


@app.get("/logged-out")
def logged_out():
    provider.validate_logout_response()
    return redirect(url_for("home"))


@app.get("/service")
def service():
    """What the service may do, as the provider says of its token."""
    with client("service", "SERVICE_SECRET", token_endpoint_auth_method="client_secret_post") as own:
        token = own.fetch_token(endpoint("token"), grant_type="client_credentials", scope="reports.read")
        said = own.introspect_token(endpoint("introspection"), token=token["access_token"]).json()
    return {"scope": token["scope"], "said": said, "has_refresh_token": "refresh_token" in token}


def client(client_id, secret, **options):
    return OAuth2Session(client_id, os.environ[secret], **options)


def endpoint(name):
    return provider.load_server_metadata()[name + "_endpoint"]


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(os.environ["PORT"]))
