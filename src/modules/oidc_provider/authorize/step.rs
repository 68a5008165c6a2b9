//! What stands between a request and its code.

use super::{
    super::{consent::Consented, error::ErrorCode},
    request::AuthorizationRequest,
    step_up::Verdict,
};
use crate::{
    clock::UnixMillis,
    modules::session::{Acr, SignedIn},
};
use assay_reconciler::spec::oidc_client::Consent;

/// What the decision depends on, beside the request.
#[derive(Clone, Copy, Debug)]
pub(in crate::modules::oidc_provider) struct Situation<'a> {
    /// Who is signed in.
    pub(in crate::modules::oidc_provider) person: Option<&'a SignedIn>,
    /// What the client calls them; empty if there is nobody.
    pub(in crate::modules::oidc_provider) subject: &'a str,
    /// The highest that anybody can reach here.
    pub(in crate::modules::oidc_provider) reachable: Option<Acr>,
    /// When this request arrived.
    pub(in crate::modules::oidc_provider) asked_at: UnixMillis,
    /// Now.
    pub(in crate::modules::oidc_provider) now: UnixMillis,
    /// The session whose account was chosen for this request.
    pub(in crate::modules::oidc_provider) chosen: Option<&'a str>,
    /// The person that the `id_token_hint` names.
    pub(in crate::modules::oidc_provider) hinted: Option<&'a str>,
    /// This provider, as resources name it.
    pub(in crate::modules::oidc_provider) issuer: &'a str,
    /// What the person has consented to before.
    pub(in crate::modules::oidc_provider) consented: &'a Consented,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::modules::oidc_provider) enum Step {
    /// The person signs in.
    SignIn,
    /// The person says which account it is to be.
    ChooseAccount,
    /// The person is asked for consent.
    Consent,
    /// The code.
    Grant,
    /// The client is told why not.
    Refuse(ErrorCode, &'static str),
}

/// Decides what comes next (OpenID Connect Core 3.1.2.3 and 3.1.2.4).
pub(in crate::modules::oidc_provider) fn next(
    request: &AuthorizationRequest,
    situation: &Situation<'_>,
) -> Step {
    let is_silent = request.prompt.none;
    let reached = situation.person.and_then(|person| person.acr.as_deref());
    let verdict = request
        .acr
        .verdict(reached.and_then(Acr::named), situation.reachable);
    if verdict == Verdict::Unreachable {
        return unmet();
    }
    let Some(person) = situation.person else {
        return sign_in(is_silent);
    };
    let (subject, authenticated_at) = (situation.subject, person.authenticated_at);
    let is_fresh = authenticated_at >= situation.asked_at;
    if situation.hinted.is_some_and(|hinted| hinted != subject) || !request.claims.is_about(subject)
    {
        return if is_silent || is_fresh {
            Step::Refuse(
                ErrorCode::LoginRequired,
                "another person is signed in than the request names",
            )
        } else {
            Step::SignIn
        };
    }
    let is_too_old = request.max_age.is_some_and(|seconds| {
        situation.now.since(authenticated_at).as_secs() > u64::from(seconds)
    });
    if !is_fresh && (request.prompt.login || is_too_old || request.max_age == Some(0)) {
        return sign_in(is_silent);
    }
    if verdict == Verdict::TooLow {
        if !is_fresh {
            return sign_in(is_silent);
        }
        // They have just signed in, and did not get as far as that.
        if request.acr.is_essential() {
            return unmet();
        }
    }
    // Who has just signed in has chosen.
    let is_chosen = is_fresh || situation.chosen == Some(person.session_id.as_str());
    if request.prompt.select_account && !is_chosen {
        return Step::ChooseAccount;
    }
    if needs_consent(request, situation) {
        return if is_silent {
            Step::Refuse(ErrorCode::ConsentRequired, "the person has not consented")
        } else {
            Step::Consent
        };
    }
    Step::Grant
}

fn sign_in(is_silent: bool) -> Step {
    if is_silent {
        Step::Refuse(ErrorCode::LoginRequired, "the person has to sign in")
    } else {
        Step::SignIn
    }
}

/// OpenID Connect Core Error Code unmet_authentication_requirements 1.0.
fn unmet() -> Step {
    Step::Refuse(
        ErrorCode::UnmetAuthenticationRequirements,
        "nobody can sign in here as the claim acr demands",
    )
}

fn needs_consent(request: &AuthorizationRequest, situation: &Situation<'_>) -> bool {
    request.prompt.consent
        || (request.client.spec.consent == Consent::Explicit
            && !request
                .needed(situation.issuer)
                .is_within(situation.consented))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use std::sync::Arc;

    use assay_reconciler::spec::oidc_client::ResponseType;
    use serde_json::json;

    use super::{
        super::{
            super::{claims_request::ClaimsRequest, resource::Resources, scope::Scopes},
            answer::Recipient,
            request::Prompt,
            response_mode::ResponseMode,
            step_up::WantedAcr,
        },
        *,
    };
    use crate::{crypto::SigningAlgorithm, generation::Client};

    fn request(consent: &str) -> AuthorizationRequest {
        AuthorizationRequest {
            client: Arc::new(Client {
                registered_itself: false,
                uid: "1".into(),
                name: "app".into(),
                spec: serde_json::from_value(json!({ "consent": consent })).unwrap(),
            }),
            recipient: Recipient {
                client_id: "app".into(),
                redirect_uri: "https://app/cb".into(),
                state: None,
                mode: ResponseMode::default_of(None),
                algorithm: SigningAlgorithm::default(),
            },
            redirect_uri_sent: "https://app/cb".into(),
            response_type: ResponseType::Code,
            scopes: Scopes::parse("openid email"),
            resources: Resources::default(),
            nonce: None,
            claims: ClaimsRequest::default(),
            acr: WantedAcr::default(),
            code_challenge: None,
            prompt: Prompt::default(),
            max_age: None,
            login_hint: None,
            dpop_jkt: None,
            id_token_hint: None,
        }
    }

    const SECOND: i64 = 1_000;

    fn at(seconds: i64) -> UnixMillis {
        UnixMillis::from_millis(seconds * SECOND)
    }

    /// Asked at 100 s, decided at 110 s; the person signed in at `signed_in`.
    fn step(request: &AuthorizationRequest, signed_in: Option<i64>, consented: &str) -> Step {
        let consented = Consented {
            scopes: Scopes::parse(consented),
            ..Consented::default()
        };
        let person = signed_in.map(|seconds| SignedIn::for_test("ada", at(seconds)));
        next(
            request,
            &Situation {
                person: person.as_ref(),
                subject: "ada",
                reachable: Some(Acr::MultiFactor),
                asked_at: at(100),
                now: at(110),
                chosen: None,
                hinted: request.id_token_hint.as_deref(),
                issuer: "https://auth.example.com",
                consented: &consented,
            },
        )
    }

    fn code(step: Step) -> ErrorCode {
        match step {
            Step::Refuse(code, _) => code,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_person_signs_in_and_consents_once() {
        let request = request("explicit");
        assert_eq!(step(&request, None, ""), Step::SignIn);
        assert_eq!(step(&request, Some(50), ""), Step::Consent);
        assert_eq!(step(&request, Some(50), "openid"), Step::Consent);
        assert_eq!(
            step(&request, Some(50), "openid email profile"),
            Step::Grant
        );
    }

    #[test]
    fn a_first_party_client_asks_only_when_it_wants_to() {
        let mut request = request("implicit");
        assert_eq!(step(&request, Some(50), ""), Step::Grant);
        request.prompt.consent = true;
        assert_eq!(step(&request, Some(50), "openid email"), Step::Consent);
    }

    #[test]
    fn prompt_none_never_shows_anything() {
        let mut request = request("explicit");
        request.prompt.none = true;
        assert_eq!(code(step(&request, None, "")), ErrorCode::LoginRequired);
        assert_eq!(
            code(step(&request, Some(50), "")),
            ErrorCode::ConsentRequired
        );
        assert_eq!(step(&request, Some(50), "openid email"), Step::Grant);
        request.max_age = Some(30);
        assert_eq!(
            code(step(&request, Some(50), "openid email")),
            ErrorCode::LoginRequired
        );
    }

    #[test]
    fn prompt_login_wants_a_sign_in_after_the_request() {
        let mut request = request("implicit");
        request.prompt.login = true;
        assert_eq!(step(&request, Some(99), ""), Step::SignIn);
        assert_eq!(step(&request, Some(101), ""), Step::Grant);
    }

    #[test]
    fn select_account_wants_a_choice_for_this_request() {
        let mut request = request("implicit");
        request.prompt.select_account = true;
        assert_eq!(step(&request, None, ""), Step::SignIn);
        assert_eq!(step(&request, Some(99), ""), Step::ChooseAccount);
        assert_eq!(step(&request, Some(101), ""), Step::Grant);
    }

    #[test]
    fn max_age_counts_from_the_sign_in() {
        let mut request = request("implicit");
        request.max_age = Some(60);
        assert_eq!(step(&request, Some(50), ""), Step::Grant);
        assert_eq!(step(&request, Some(49), ""), Step::SignIn);
        request.max_age = Some(0);
        assert_eq!(step(&request, Some(99), ""), Step::SignIn);
        assert_eq!(step(&request, Some(101), ""), Step::Grant);
    }

    #[test]
    fn nobody_is_passed_off_as_the_person_hinted_at() {
        let mut request = request("implicit");
        request.id_token_hint = Some("grace".into());
        assert_eq!(step(&request, Some(50), ""), Step::SignIn);
        assert_eq!(
            code(step(&request, Some(101), "")),
            ErrorCode::LoginRequired
        );
        request.id_token_hint = Some("ada".into());
        assert_eq!(step(&request, Some(50), ""), Step::Grant);
    }

    fn asking(text: &str) -> AuthorizationRequest {
        let mut request = request("explicit");
        request.claims = ClaimsRequest::parse(text).unwrap();
        request.acr = WantedAcr::of(&request.client.spec, &request.claims, None);
        request
    }

    #[test]
    fn a_session_that_proves_too_little_is_not_enough() {
        let claim = |acr: Acr, essential: bool| {
            let claims = json!({ "id_token": {
                "acr": { "essential": essential, "values": [acr.name()] },
            } });
            asking(&claims.to_string())
        };
        let all = "openid email";
        let needed = claim(Acr::MultiFactor, true);
        assert_eq!(step(&needed, None, all), Step::SignIn);
        assert_eq!(step(&needed, Some(50), all), Step::SignIn);
        let unmet = ErrorCode::UnmetAuthenticationRequirements;
        assert_eq!(code(step(&needed, Some(101), all)), unmet);
        let wished = claim(Acr::MultiFactor, false);
        assert_eq!(step(&wished, Some(50), all), Step::SignIn);
        assert_eq!(step(&wished, Some(101), all), Step::Grant);
        assert_eq!(
            step(&claim(Acr::SingleFactor, true), Some(50), all),
            Step::Grant
        );
        let mut silent = wished;
        silent.prompt.none = true;
        assert_eq!(code(step(&silent, Some(50), all)), ErrorCode::LoginRequired);
    }

    #[test]
    fn what_is_asked_for_beyond_the_scopes_is_consented_to() {
        let mut request = asking(r#"{"userinfo":{"name":null,"email":null}}"#);
        let mut client = (*request.client).clone();
        client.spec.scopes = ["openid", "email", "profile"]
            .map(|s| s.parse().unwrap())
            .into();
        request.client = Arc::new(client);
        assert_eq!(step(&request, Some(50), "openid email"), Step::Consent);
        assert_eq!(
            step(&request, Some(50), "openid email profile"),
            Step::Grant
        );
    }

    #[test]
    fn the_subject_asked_for_is_the_one_answered_about() {
        let eve = asking(r#"{"id_token":{"sub":{"value":"eve"}}}"#);
        assert_eq!(step(&eve, Some(50), "openid email"), Step::SignIn);
        let refused = step(&eve, Some(101), "openid email");
        assert_eq!(code(refused), ErrorCode::LoginRequired);
    }
}
