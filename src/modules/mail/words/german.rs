use assay_reconciler::spec::LetterKind;

use super::{LetterWords, Words, words};

pub(super) static GERMAN: Words = Words {
    code: "Oder geben Sie diesen Code dort ein, wo Sie ihn angefordert haben:",
    expires: "Beides gilt einmal, innerhalb von {{ minutes }} Minuten.",
    address: "Falls die Schaltfläche nicht funktioniert, öffnen Sie diese Adresse:",
    ignore: "Falls Sie das nicht angefordert haben, brauchen Sie nichts zu tun: Es ändert sich nichts.",
    not_you: "Falls Sie das nicht waren, ändern Sie sofort Ihr Passwort und prüfen Sie Ihr Konto: {{ account }}",
    sent_to: "Diese Nachricht wurde von {{ product }} an {{ email }} gesendet.",
    letter,
};

fn letter(kind: LetterKind) -> LetterWords {
    match kind {
        LetterKind::Verification => words(
            "Bestätigen Sie Ihre E-Mail-Adresse",
            "Bitte bestätigen Sie, dass {{ email }} Ihre Adresse ist.",
            "Adresse bestätigen",
        ),
        LetterKind::Recovery => words(
            "Zurück in Ihr Konto",
            "Jemand, vermutlich Sie, möchte wieder Zugang zum Konto von {{ email }} bei {{ product }}. Der Link führt Sie dorthin.",
            "Zurück in mein Konto",
        ),
        LetterKind::Registration => words(
            "Schließen Sie Ihre Anmeldung ab",
            "Nur noch ein Schritt zu Ihrem Konto bei {{ product }}: Bestätigen Sie, dass {{ email }} Ihre Adresse ist.",
            "Konto erstellen",
        ),
        LetterKind::AlreadyRegistered => words(
            "Sie haben bereits ein Konto",
            "Jemand, vermutlich Sie, wollte bei {{ product }} ein Konto mit {{ email }} erstellen. Es gibt schon eines; melden Sie sich einfach an.",
            "Anmelden",
        ),
        LetterKind::Invitation => words(
            "Einladung zu {{ product }}",
            "Sie sind eingeladen, ein Konto bei {{ product }} zu erstellen. Die Einladung gilt {{ days }} Tage.",
            "Einladung annehmen",
        ),
        LetterKind::EmailChange => words(
            "Bestätigen Sie Ihre neue E-Mail-Adresse",
            "Bitte bestätigen Sie, dass {{ email }} die Adresse Ihres Kontos bei {{ product }} werden soll.",
            "Neue Adresse bestätigen",
        ),
        LetterKind::EmailChanged => words(
            "Ihre E-Mail-Adresse wurde geändert",
            "Die Adresse Ihres Kontos bei {{ product }} wurde in {{ newEmail }} geändert ({{ time }}). Falls Sie das nicht waren, machen Sie es innerhalb von {{ days }} Tagen rückgängig.",
            "Änderung rückgängig machen",
        ),
        LetterKind::NewDevice => words(
            "Neue Anmeldung in Ihrem Konto",
            "Jemand hat sich in Ihrem Konto bei {{ product }} mit einem Browser angemeldet, den Sie vorher nicht benutzt haben: {{ device }}, {{ place }} ({{ time }}).",
            "",
        ),
        LetterKind::PasswordChanged => words(
            "Ihr Passwort wurde geändert",
            "Das Passwort Ihres Kontos bei {{ product }} wurde geändert ({{ time }}). Andere Browser wurden abgemeldet.",
            "",
        ),
        LetterKind::PasskeyAdded => words(
            "Ein Passkey wurde hinzugefügt",
            "Der Passkey „{{ name }}“ wurde Ihrem Konto bei {{ product }} hinzugefügt ({{ time }}).",
            "",
        ),
        LetterKind::PasskeyRemoved => words(
            "Ein Passkey wurde entfernt",
            "Der Passkey „{{ name }}“ wurde aus Ihrem Konto bei {{ product }} entfernt ({{ time }}).",
            "",
        ),
        LetterKind::PasskeySuspected => words(
            "Einer Ihrer Passkeys wurde womöglich kopiert",
            "Der Passkey „{{ name }}“ Ihres Kontos bei {{ product }} wurde so verwendet, wie es nur mit einer Kopie möglich ist ({{ time }}). Mit ihm kann sich niemand mehr anmelden. Entfernen Sie ihn, fügen Sie einen neuen hinzu und prüfen Sie Ihr Konto.",
            "Passkeys ansehen",
        ),
        LetterKind::SecondFactorAdded => words(
            "Zweiter Faktor eingeschaltet",
            "Die Anmeldung in Ihrem Konto bei {{ product }} verlangt nun auch einen Code aus Ihrer Authenticator-App ({{ time }}).",
            "",
        ),
        LetterKind::SecondFactorRemoved => words(
            "Zweiter Faktor ausgeschaltet",
            "Die Anmeldung in Ihrem Konto bei {{ product }} verlangt keinen zweiten Faktor mehr ({{ time }}).",
            "",
        ),
        LetterKind::RecoveryCodeUsed => words(
            "Ein Wiederherstellungscode wurde benutzt",
            "Mit einem Ihrer Wiederherstellungscodes hat sich jemand bei {{ product }} angemeldet ({{ time }}). Verbleibende Codes: {{ left }}.",
            "",
        ),
        LetterKind::RecoveryCodesMade => words(
            "Neue Wiederherstellungscodes",
            "Für Ihr Konto bei {{ product }} wurden neue Wiederherstellungscodes erstellt ({{ time }}). Die bisherigen gelten nicht mehr.",
            "",
        ),
        LetterKind::AccountLinked => words(
            "{{ provider }} wurde mit Ihrem Konto verknüpft",
            "Sie können sich in Ihrem Konto bei {{ product }} nun mit {{ provider }} anmelden ({{ time }}).",
            "",
        ),
        LetterKind::AccountUnlinked => words(
            "{{ provider }} wurde von Ihrem Konto getrennt",
            "Sie können sich in Ihrem Konto bei {{ product }} nicht mehr mit {{ provider }} anmelden ({{ time }}).",
            "",
        ),
        LetterKind::DeletionScheduled => words(
            "Ihr Konto wird gelöscht",
            "Ihr Konto bei {{ product }} wird in {{ days }} Tagen gelöscht, wie es am {{ time }} verlangt wurde. Bis dahin können Sie es behalten.",
            "Konto behalten",
        ),
        LetterKind::AccountDeleted => words(
            "Ihr Konto wurde gelöscht",
            "Ihr Konto bei {{ product }} und alles, was dort über Sie bekannt war, wurde gelöscht ({{ time }}).",
            "",
        ),
    }
}
