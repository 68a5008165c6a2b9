//! What stands between a request and its code.

use super::{
    super::{consent::Consented, error::ErrorCode},
    request::AuthorizationRequest,
    step_up::Verdict,
};
use crate::{
    clock::UnixMillis,
    modules::{
        second_factor::Standing,
        session::{Acr, SignedIn},
    },
};
use assay_reconciler::spec::oidc_client::Consent;

/// What the decision depends on, beside the request.
#[derive(Clone, Copy, Debug)]
pub(in crate::modules::oidc_provider) struct Situation<'a> {
    /// Who is signed in.
    pub(in crate::modules::oidc_provider) person: Option<&'a SignedIn>,
    /// What the client calls them; empty if there is nobody.
    pub(in crate::modules::oidc_provider) subject: &'a str,
    /// What the person can do about a second factor that is asked for.
    pub(in crate::modules::oidc_provider) second_factor: Standing,
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
    /// The person, who is signed in, proves a second thing.
    SecondFactor,
    /// The person creates an account.
    Register,
    /// The person says which account it is to be.
    ChooseAccount,
    /// The person is asked for consent.
    Consent,
    /// The code.
    Grant,
    /// The client is told why not.
    Refuse(ErrorCode, &'static str),
}

/// Whether the person has to prove more than they have, and what they can do about it matters.
pub(super) fn proves_too_little(
    request: &AuthorizationRequest,
    person: Option<&SignedIn>,
    reachable: Option<Acr>,
) -> bool {
    verdict(request, person, reachable) == Verdict::TooLow
}

fn verdict(
    request: &AuthorizationRequest,
    person: Option<&SignedIn>,
    reachable: Option<Acr>,
) -> Verdict {
    let reached = person.and_then(|person| person.acr.as_deref());
    request.acr.verdict(reached.and_then(Acr::named), reachable)
}

/// Decides what comes next (OpenID Connect Core 3.1.2.3 and 3.1.2.4).
pub(in crate::modules::oidc_provider) fn next(
    request: &AuthorizationRequest,
    situation: &Situation<'_>,
) -> Step {
    let is_silent = request.prompt.none;
    let verdict = verdict(request, situation.person, situation.reachable);
    if verdict == Verdict::Unreachable {
        return unmet();
    }
    let Some(person) = situation.person else {
        return if request.prompt.create {
            Step::Register
        } else {
            sign_in(is_silent)
        };
    };
    let (subject, authenticated_at) = (situation.subject, person.authenticated_at);
    let is_fresh = authenticated_at >= situation.asked_at;
    // Who has an account after all has signed in from that page.
    if request.prompt.create && !is_fresh {
        return Step::Register;
    }
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
    if verdict == Verdict::TooLow
        && let Some(step) = step_up(request, situation, person, is_fresh)
    {
        return step;
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

/// How somebody who has proved too little proves more; `None` if it is only wished for and they cannot.
fn step_up(
    request: &AuthorizationRequest,
    situation: &Situation<'_>,
    person: &SignedIn,
    is_fresh: bool,
) -> Option<Step> {
    let is_silent = request.prompt.none;
    let is_essential = request.acr.is_essential();
    let has_one_factor = person.acr.as_deref() == Some(Acr::SingleFactor.name());
    let is_second = match situation.second_factor {
        Standing::HasOne => true,
        Standing::CanSetUp => is_essential,
        Standing::Nothing => false,
    };
    if has_one_factor && is_second && person.is_helped_by_a_code() {
        return Some(if is_silent {
            sign_in(is_silent)
        } else {
            Step::SecondFactor
        });
    }
    // They have just signed in, and did not get as far as that.
    if is_fresh {
        return is_essential.then(unmet);
    }
    // Signing in again would come to the same.
    let is_in_vain = has_one_factor && !is_essential;
    (!is_in_vain).then(|| sign_in(is_silent))
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
        step_of(request, signed_in, consented, Standing::HasOne)
    }

    fn step_of(
        request: &AuthorizationRequest,
        signed_in: Option<i64>,
        consented: &str,
        second_factor: Standing,
    ) -> Step {
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
                second_factor,
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
        let unmet = ErrorCode::UnmetAuthenticationRequirements;
        assert_eq!(step(&needed, None, all), Step::SignIn);
        for (signed_in, standing) in [
            (50, Standing::HasOne),
            (101, Standing::HasOne),
            (50, Standing::CanSetUp),
        ] {
            let step = step_of(&needed, Some(signed_in), all, standing);
            assert_eq!(step, Step::SecondFactor, "{signed_in} {standing:?}");
        }
        let nothing = |signed_in| step_of(&needed, Some(signed_in), all, Standing::Nothing);
        assert_eq!(nothing(50), Step::SignIn);
        assert_eq!(code(nothing(101)), unmet);
        let wished = claim(Acr::MultiFactor, false);
        assert_eq!(step(&wished, Some(50), all), Step::SecondFactor);
        // What they do not have is not forced on them for a wish.
        for standing in [Standing::CanSetUp, Standing::Nothing] {
            assert_eq!(step_of(&wished, Some(50), all, standing), Step::Grant);
            assert_eq!(step_of(&wished, Some(101), all, standing), Step::Grant);
        }
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
