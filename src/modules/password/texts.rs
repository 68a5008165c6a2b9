//! The words of the sign-in page.

pub(super) struct Texts {
    pub(super) title: &'static str,
    pub(super) continue_to: &'static str,
    pub(super) email: &'static str,
    pub(super) password: &'static str,
    pub(super) submit: &'static str,
    pub(super) wrong: &'static str,
    pub(super) incomplete: &'static str,
    pub(super) stale: &'static str,
    pub(super) busy: &'static str,
    pub(super) signed_in_as: &'static str,
}

pub(super) const ENGLISH: Texts = Texts {
    title: "Sign in",
    continue_to: "to continue to",
    email: "E-mail address",
    password: "Password",
    submit: "Sign in",
    wrong: "E-mail address or password is wrong. Check both and try again.",
    incomplete: "Enter your e-mail address and your password.",
    stale: "This page was open for too long. Please enter your password again.",
    busy: "Many people are signing in right now. Please try again in a few seconds.",
    signed_in_as: "You are signed in as",
};
