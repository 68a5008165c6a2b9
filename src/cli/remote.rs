mod import;

use std::{fs, path::Path, time::Duration};

use assay_reconciler::{
    diff::{PlanDocument, SetName},
    object::Object,
};
use reqwest::{
    Client, Method, RequestBuilder, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue},
    redirect,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use url::Url;

pub(super) use self::import::RemoteImport;
use super::{Exit, Failure, failure::with_causes, trust};
use crate::{
    crypto::Secret,
    generation::{RootKeyRecord, SigningKeyRecord},
    modules::{
        Site,
        admin::{
            ApplyReply, ApplyRequest, CreateUser, Export, Generations, HistoryQuery, MAX_BODY,
            ModuleState, Person, PlanRequest, RollbackRequest, Rotated, Status, SwitchRequest,
            bulk::{ExportPage, Hashes},
        },
        biscuit::{IssueRequest, Issued, RevokeReply, RevokeRequest, Verdict, VerifyRequest},
    },
};

/// Until there is a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// Until there is an answer. A server gives one within two minutes.
const ANSWER: Duration = Duration::from_secs(150);
/// Bytes of an answer; an export of ten thousand clients fits.
const MAX_ANSWER: usize = 256 * 1024 * 1024;
/// People of one answer, so that none takes long.
const EXPORTED_AT_ONCE: u32 = 10_000;
const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// Where the admin key is, if no file is named.
const ADMIN_KEY: &str = "ASSAY_ADMIN_KEY";

/// The admin API of a server.
pub(super) struct Remote {
    client: Client,
    base: Url,
    authorization: HeaderValue,
}

impl Remote {
    pub(super) fn new(server: &str, key_file: Option<&Path>) -> Result<Self, Failure> {
        let base = base(server)?;
        let key = admin_key(key_file)?;
        let mut authorization = HeaderValue::try_from(format!("Bearer {key}"))
            .map_err(|_| Failure::invalid("the admin key holds a character that no key has"))?;
        authorization.set_sensitive(true);
        Ok(Self {
            client: client(&base)?,
            base,
            authorization,
        })
    }

    pub(super) async fn plan(&self, request: PlanRequest) -> Result<PlanDocument, Failure> {
        let body = PlanRequest {
            manifests: documents(&request.manifests)?,
            set: request.set,
            prune: request.prune,
            take_over: request.take_over,
            save: request.save,
        };
        self.send("reconcile/plan", &body).await
    }

    pub(super) async fn apply(&self, request: ApplyRequest) -> Result<ApplyReply, Failure> {
        let manifests = request.manifests.as_deref().map(documents).transpose()?;
        let body = ApplyRequest {
            manifests,
            set: request.set,
            plan: request.plan,
            prune: request.prune,
            take_over: request.take_over,
            dry_run: request.dry_run,
            yes: request.yes,
            source: request.source,
        };
        self.send("reconcile/apply", &body).await
    }

    pub(super) async fn rollback(&self, request: RollbackRequest) -> Result<ApplyReply, Failure> {
        self.send("reconcile/rollback", &request).await
    }

    pub(super) async fn history(&self, query: HistoryQuery) -> Result<Generations, Failure> {
        let request = self.request(Method::GET, "reconcile/generations")?;
        self.answer(request.query(&query)).await
    }

    pub(super) async fn export(&self, set: Option<&SetName>) -> Result<Export, Failure> {
        let request = self.request(Method::GET, "reconcile/export")?;
        self.answer(request.query(&[("set", set)])).await
    }

    pub(super) async fn modules(&self) -> Result<Vec<ModuleState>, Failure> {
        self.get("auth/modules").await
    }

    pub(super) async fn switch(&self, request: &SwitchRequest) -> Result<ApplyReply, Failure> {
        let sent = self.request(Method::PATCH, "auth/modules")?.json(request);
        self.answer(sent).await
    }

    pub(super) async fn create_user(&self, request: &CreateUser) -> Result<Person, Failure> {
        let body = json!({
            "email": request.email,
            "password": request.password.as_ref().map(Secret::expose),
            "isAdmin": request.is_admin,
            "externalId": request.external_id,
            "attributes": request.attributes,
        });
        self.send("auth/users", &body).await
    }

    /// The lines of those after `after`, a few requests' worth of them at once.
    pub(super) async fn export_users(
        &self,
        after: &str,
        hashes: Hashes,
    ) -> Result<ExportPage, Failure> {
        let request = self.request(Method::GET, "auth/users/export")?;
        let request = request
            .query(&[("after", after)])
            .query(&[("limit", EXPORTED_AT_ONCE)])
            .query(&[("passwordHashes", hashes == Hashes::Taken)]);
        let (status, body) = self.read(request).await?;
        if !status.is_success() {
            return Err(self.refused(status, &body));
        }
        let lines = String::from_utf8_lossy(&body).into_owned();
        let people = lines.lines().count() as u64;
        let next = match lines.lines().last() {
            Some(last) if people >= u64::from(EXPORTED_AT_ONCE) => {
                let last: Value = self.decode(last.as_bytes())?;
                last["id"].as_str().map(str::to_owned)
            }
            _ => None,
        };
        Ok(ExportPage {
            lines,
            kept_passwords: None,
            people,
            next,
        })
    }

    pub(super) async fn signing_keys(&self) -> Result<Vec<SigningKeyRecord>, Failure> {
        self.get("auth/jwks").await
    }

    pub(super) async fn rotate_signing_keys(&self) -> Result<Vec<Rotated>, Failure> {
        let request = self.request(Method::POST, "auth/jwks/rotate")?;
        self.answer(request).await
    }

    pub(super) async fn root_keys(&self) -> Result<Vec<RootKeyRecord>, Failure> {
        self.get("auth/biscuit/keys").await
    }

    pub(super) async fn rotate_root_key(&self) -> Result<Vec<Rotated>, Failure> {
        let request = self.request(Method::POST, "auth/biscuit/keys/rotate")?;
        self.answer(request).await
    }

    pub(super) async fn withdraw_root_key(&self, id: u32) -> Result<(), Failure> {
        let request = self.request(Method::DELETE, &format!("auth/biscuit/keys/{id}"))?;
        let (status, body) = self.read(request).await?;
        if status.is_success() {
            return Ok(());
        }
        Err(self.refused(status, &body))
    }

    pub(super) async fn issue_biscuit(&self, request: &IssueRequest) -> Result<Issued, Failure> {
        self.send("../biscuit/issue", request).await
    }

    pub(super) async fn verify_biscuit(&self, request: VerifyRequest) -> Result<Verdict, Failure> {
        self.send("../biscuit/verify", &request).await
    }

    pub(super) async fn revoke_biscuits(
        &self,
        request: &RevokeRequest,
    ) -> Result<RevokeReply, Failure> {
        self.send("../biscuit/revoke", request).await
    }

    pub(super) async fn status(&self) -> Result<Status, Failure> {
        self.get("reconcile/status").await
    }

    pub(super) fn request(&self, method: Method, path: &str) -> Result<RequestBuilder, Failure> {
        let url = self
            .base
            .join(path)
            .map_err(|error| Failure::failed(&error))?;
        Ok(self
            .client
            .request(method, url)
            .header(AUTHORIZATION, self.authorization.clone()))
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.answer(self.request(Method::GET, path)?).await
    }

    pub(super) async fn send<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Failure> {
        let body = serde_json::to_vec(body)?;
        check_length(body.len())?;
        let request = self.request(Method::POST, path)?;
        self.answer(request.header(CONTENT_TYPE, JSON).body(body))
            .await
    }

    async fn answer<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Failure> {
        let (status, body) = self.read(request).await?;
        if !status.is_success() {
            return Err(self.refused(status, &body));
        }
        self.decode(&body)
    }

    /// Sends the request, and reads its answer to the end.
    pub(super) async fn read(
        &self,
        request: RequestBuilder,
    ) -> Result<(StatusCode, Vec<u8>), Failure> {
        let mut response = request.send().await.map_err(|error| self.cut_off(&error))?;
        let status = response.status();
        let mut body = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| self.cut_off(&error))?
        {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_ANSWER {
                let message = format!("the server's answer is longer than {MAX_ANSWER} bytes");
                return Err(Failure::new(Exit::Failed, message));
            }
        }
        Ok((status, body))
    }

    /// Sends the request, and gives the pieces of a long answer as they come.
    pub(super) async fn stream(
        &self,
        request: RequestBuilder,
        take: &mut dyn FnMut(&[u8]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut response = request.send().await.map_err(|error| self.cut_off(&error))?;
        let status = response.status();
        if !status.is_success() {
            let body = response.bytes().await;
            let body = body.map_err(|error| self.cut_off(&error))?;
            return Err(self.refused(status, &body));
        }
        let next = |error: &reqwest::Error| self.cut_off(error);
        while let Some(piece) = response.chunk().await.map_err(|error| next(&error))? {
            take(&piece)?;
        }
        Ok(())
    }

    pub(super) fn decode<T: DeserializeOwned>(&self, body: &[u8]) -> Result<T, Failure> {
        serde_json::from_slice(body).map_err(|error| {
            let message = format!("{} does not answer like assay: {error}", self.server());
            Failure::new(Exit::Failed, message)
        })
    }

    fn server(&self) -> String {
        self.base.origin().ascii_serialization()
    }

    fn cut_off(&self, error: &reqwest::Error) -> Failure {
        let message = if error.is_timeout() {
            format!("{} does not answer in time", self.server())
        } else if trust::is_of_a_stranger(error) {
            format!(
                "{} has a certificate of an authority that is not trusted; if it is your own, name \
                 its certificate (a PEM file) in SSL_CERT_FILE",
                self.server()
            )
        } else {
            format!("cannot reach {}: {}", self.server(), with_causes(error))
        };
        Failure::new(Exit::Unreachable, message)
    }

    /// What a problem document (RFC 9457) says.
    pub(super) fn refused(&self, status: StatusCode, body: &[u8]) -> Failure {
        let problem: Option<Value> = serde_json::from_slice(body).ok();
        let text = |member: &str| problem.as_ref()?.get(member)?.as_str();
        let Some(kind) = text("type").and_then(|kind| kind.rsplit(':').next()) else {
            let message = format!(
                "{} does not answer like assay: {status}; is it the right address?",
                self.server()
            );
            return Failure::new(Exit::Failed, message);
        };
        let mut message = text("detail")
            .or_else(|| text("title"))
            .unwrap_or(kind)
            .to_owned();
        if let Some(incident) = text("incident") {
            message = format!("{}: {message} {incident}", self.server());
        }
        Failure::new(Exit::of_kind(kind), message)
    }
}

fn documents(objects: &[Object]) -> Result<Vec<Value>, Failure> {
    let documents: Result<_, serde_json::Error> = objects.iter().map(Object::to_manifest).collect();
    Ok(documents?)
}

/// A server stops reading at its limit, and then only a broken connection would be left to report.
fn check_length(bytes: usize) -> Result<(), Failure> {
    const MIB: usize = 1024 * 1024;
    if bytes <= MAX_BODY {
        return Ok(());
    }
    Err(Failure::invalid(format!(
        "this is {} MiB as JSON, and a server takes at most {} MiB at once; divide the manifests into \
         sets (--set) and send one after the other, or run the command on the server's machine without \
         --server",
        bytes.div_ceil(MIB),
        MAX_BODY / MIB
    )))
}

/// Where the admin API begins. A key is sent there, so only over TLS or within this machine.
fn base(server: &str) -> Result<Url, Failure> {
    let wrong = |why: &str| {
        Failure::invalid(format!(
            "the server's address {why}; it reads https://auth.example.com"
        ))
    };
    let url = Url::parse(server).map_err(|_| wrong("is no URL"))?;
    let host = url.host().ok_or_else(|| wrong("names no host"))?;
    let is_private = match url.scheme() {
        "https" => true,
        "http" => Site::is_loopback(&host),
        _ => return Err(wrong("is neither http nor https")),
    };
    if !is_private {
        return Err(wrong(
            "is http, and an admin key would travel unencrypted to another machine",
        ));
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
        return Err(wrong("holds more than scheme, host and path"));
    }
    let text = format!("{}/auth/admin/", url.as_str().trim_end_matches('/'));
    Url::parse(&text).map_err(|_| wrong("is no URL"))
}

fn admin_key(file: Option<&Path>) -> Result<String, Failure> {
    let key = match file {
        Some(file) => fs::read_to_string(file).map_err(|error| {
            Failure::invalid(format!(
                "cannot read the admin key file {}: {error}",
                file.display()
            ))
        })?,
        None => std::env::var(ADMIN_KEY).map_err(|_| {
            Failure::new(
                Exit::Forbidden,
                "an admin key is needed: name a file with --admin-key-file, or set ASSAY_ADMIN_KEY",
            )
        })?,
    };
    let key = key.trim();
    if key.is_empty() {
        return Err(Failure::new(Exit::Forbidden, "the admin key is empty"));
    }
    Ok(key.to_owned())
}

fn client(base: &Url) -> Result<Client, Failure> {
    Client::builder()
        .tls_backend_preconfigured(trust::tls(base.scheme() == "https")?)
        // A key must not follow a redirect to another place.
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT)
        .timeout(ANSWER)
        .user_agent(concat!("assay/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| Failure::failed(&error))
}
