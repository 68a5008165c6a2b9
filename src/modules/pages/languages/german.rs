use super::{
    Account, AccountChoice, Authorize, ClaimMeanings, Common, Consent, Device, Language, Login,
    Logout, PasswordRules, ScopeMeanings, SecondFactors, SignedOut, phrase,
};

pub(super) static GERMAN: Language = Language {
    tag: "de",
    direction: "ltr",
    common: Common {
        signed_in_as: phrase("Sie sind als {person} angemeldet."),
        other_account: "Mit einem anderen Konto anmelden",
        allow: "Erlauben",
        deny: "Ablehnen",
        go_on: "Weiter",
        open_account: "Zu Ihrem Konto",
        for_developers: "Für die Betreiber der Anwendung",
        support: "Hilfe",
        privacy: "Datenschutz",
    },
    login: Login {
        title: "Anmelden",
        continue_to: phrase("weiter zu {client}"),
        email: "E-Mail-Adresse",
        password: "Passwort",
        submit: "Anmelden",
        wrong: "E-Mail-Adresse oder Passwort ist falsch. Bitte prüfen Sie beides und versuchen Sie \
                es noch einmal.",
        incomplete: "Bitte geben Sie Ihre E-Mail-Adresse und Ihr Passwort ein.",
        stale: "Diese Seite war zu lange geöffnet. Bitte geben Sie Ihr Passwort noch einmal ein.",
        busy: "Im Moment melden sich sehr viele Personen an. Bitte versuchen Sie es in ein paar \
               Sekunden noch einmal.",
        refused: "Sie können sich nicht anmelden",
        refused_message: "Ihre Organisation lässt Ihre Anmeldung hier gerade nicht zu. Wenn Sie das für einen Irrtum halten, fragen Sie, wer sich um Ihr Konto kümmert.",
        too_many: "Für dieses Konto oder von Ihrem Anschluss aus wurde zu oft ein falsches Passwort \
                   eingegeben. Bitte warten Sie etwas und versuchen Sie es dann noch einmal.",
    },
    second_factors: SecondFactors {
        title: "Bestätigen Sie, dass Sie es sind",
        signing_in_as: phrase("Sie melden sich als {person} an."),
        type_code: "Öffnen Sie Ihre Authenticator-App und geben Sie den Code ein, den sie für dieses Konto \
                    anzeigt.",
        code: "Sechsstelliger Code",
        remember: phrase("In diesem Browser {days} Tage lang nicht mehr fragen"),
        no_authenticator: "Stattdessen einen Wiederherstellungscode verwenden",
        recovery_code: "Wiederherstellungscode",
        wrong: "Dieser Code gilt nicht: Er ist falsch, zu alt oder wurde schon verwendet. Bitte geben Sie \
                den Code ein, der jetzt angezeigt wird.",
        too_many: "Es wurden zu viele falsche Codes eingegeben. Bitte warten Sie eine Viertelstunde oder \
                   wählen Sie einen anderen Weg.",
        stale: "Diese Seite war zu lange geöffnet. Bitte geben Sie den Code noch einmal ein.",
        set_up: "Authenticator-App einrichten",
        demanded: "Um fortzufahren, brauchen Sie neben Ihrem Passwort einen zweiten Nachweis, dass Sie es \
                   sind.",
        scan: "Scannen Sie dieses Bild mit einer Authenticator-App auf Ihrem Telefon.",
        picture: "Bild mit dem geheimen Schlüssel für Ihre Authenticator-App",
        or_type: "Oder tippen Sie diesen Schlüssel in die App:",
        then_type: "Geben Sie danach den Code ein, den die App anzeigt.",
        later_until: phrase("Sie können dies bis {time} aufschieben."),
        later: "Nicht jetzt",
        recovery_codes: "Wiederherstellungscodes",
        keep_codes: "Mit jedem dieser Codes können Sie sich einmal anmelden, falls Sie Ihre \
                     Authenticator-App verlieren. Schreiben Sie sie auf oder drucken Sie sie aus: Sie \
                     werden nur jetzt angezeigt.",
        codes_kept: "Ich habe die Codes aufbewahrt",
        manage: "Zweite Faktoren",
        authenticator: "Authenticator-App",
        set_up_at: phrase("Eingerichtet: {time}"),
        remove: "Entfernen",
        replace: "Stattdessen eine andere App einrichten",
        codes_left: phrase("Codes, die Sie noch nicht verwendet haben: {count}."),
        renew_codes: "Neue Codes erstellen",
        devices: "Browser, die nicht nach einem Code gefragt werden",
        ask_again: "Wieder fragen",
        why: "Mit einer Authenticator-App kommt niemand in Ihr Konto, der nur Ihr Passwort kennt.",
    },
    password_rules: PasswordRules {
        too_short: phrase("Ihr Passwort braucht mindestens {count} Zeichen."),
        too_long: phrase("Ihr Passwort darf höchstens {count} Zeichen haben."),
        control: "Ihr Passwort enthält ein Zeichen, das sich auf keiner Tastatur tippen lässt.",
        similar: "Dieses Passwort ähnelt Ihrer E-Mail-Adresse oder Ihrem Namen zu sehr. Wählen Sie eines, das nichts damit zu tun hat.",
        guessable: "Dieses Passwort ist leicht zu erraten. Vier oder fünf Wörter, die nichts miteinander zu tun haben, ergeben ein gutes.",
        breached: "Dieses Passwort steht in einer Liste gestohlener Passwörter, die Diebe zuerst versuchen. Wählen Sie ein anderes.",
    },
    account: Account {
        title: "Ihr Konto",
        sign_out: "Abmelden",
        sessions: "Hier sind Sie angemeldet",
        this_one: "Dieser Browser",
        unknown_browser: "Unbekannter Browser",
        last_used: phrase("Zuletzt verwendet: {time}"),
        end: "Dort abmelden",
        end_others: "Überall sonst abmelden",
        access: "Wer Zugriff auf Ihr Konto hat",
        access_since: phrase("Zuletzt erlaubt oder verwendet: {time}"),
        withdraw: "Zugriff entziehen",
        stale: "Diese Seite war nicht mehr aktuell",
        stale_message: "Es wurde nichts geändert. Bitte öffnen Sie Ihr Konto erneut und wiederholen \
                        Sie den Vorgang.",
    },
    account_choice: AccountChoice {
        title: "Konto auswählen",
        continue_as: phrase("Als {person} fortfahren"),
        stale: "Bitte wählen Sie noch einmal",
        stale_message: "Diese Antwort kam nicht von der Seite, die Ihnen gezeigt wurde, oder die \
                        Seite war nicht mehr aktuell. Es wurde nichts ausgewählt.",
    },
    signed_out: SignedOut {
        title: "Sie sind abgemeldet",
        message: "In Anwendungen, die Sie verwendet haben, können Sie weiterhin angemeldet sein. \
                  Melden Sie sich bitte auch dort ab.",
        going_back: "Sie werden von den verwendeten Anwendungen abgemeldet und danach \
                     zurückgeleitet.",
        sign_in_again: "Wieder anmelden",
    },
    consent: Consent {
        title: "Zugriff erlauben?",
        asks: phrase("{client} möchte:"),
        valid_at: "Dieser Zugriff gilt bei:",
        registered_itself: "Diese App hat sich selbst registriert; niemand hier hat sie geprüft.",
        sent_to: phrase("Nach Ihrer Antwort werden Sie zu {host} weitergeleitet."),
        policy: "Datenschutzerklärung",
        terms: "Nutzungsbedingungen",
        stale: "Bitte entscheiden Sie noch einmal",
        stale_message: "Diese Antwort kam nicht von der Seite, die Ihnen gezeigt wurde, oder die \
                        Seite war nicht mehr aktuell. Es wurde nichts erlaubt.",
        again: "Frage erneut anzeigen",
    },
    scopes: ScopeMeanings {
        openid: "Sie bei der Anmeldung wiedererkennen",
        profile: "Ihren Namen und Ihr Profil sehen",
        email: "Ihre E-Mail-Adresse sehen",
        address: "Ihre Postanschrift sehen",
        phone: "Ihre Telefonnummer sehen",
        offline_access: "diesen Zugriff auch behalten, wenn Sie nicht angemeldet sind",
    },
    claims: ClaimMeanings {
        name: "Ihren vollständigen Namen sehen",
        given_name: "Ihren Vornamen sehen",
        family_name: "Ihren Nachnamen sehen",
        middle_name: "Ihren zweiten Vornamen sehen",
        nickname: "Ihren Spitznamen sehen",
        preferred_username: "Ihren Benutzernamen sehen",
        profile: "die Adresse Ihrer Profilseite sehen",
        picture: "Ihr Bild sehen",
        website: "die Adresse Ihrer Website sehen",
        gender: "Ihr Geschlecht sehen",
        birthdate: "Ihr Geburtsdatum sehen",
        zoneinfo: "Ihre Zeitzone sehen",
        locale: "Ihre Sprache sehen",
        updated_at: "sehen, wann Ihr Profil zuletzt geändert wurde",
    },
    device: Device {
        title: "Gerät verbinden",
        type_it: "Geben Sie den Code ein, den Ihr Gerät anzeigt.",
        compare: "Fahren Sie nur fort, wenn Ihr Gerät genau diesen Code anzeigt.",
        code: "Code auf dem Gerät",
        question: "Dieses Gerät verbinden?",
        asks: phrase("{client} möchte auf dem Gerät, das diesen Code anzeigt:"),
        warning: "Erlauben Sie das nur, wenn Sie den Vorgang selbst gestartet haben und das Gerät mit \
                  diesem Code vor Ihnen steht. Lehnen Sie ab, wenn Ihnen jemand den Code oder den \
                  Link geschickt hat: Diese Person bekäme sonst Zugang zu Ihrem Konto.",
        allowed: "Ihr Gerät ist verbunden",
        go_back: "Kehren Sie zu Ihrem Gerät zurück. Sie können diese Seite schließen.",
        denied: "Es wurde nichts erlaubt",
        nothing: "Das Gerät hat Ihre Ablehnung erhalten. Sie können diese Seite schließen.",
        wrong: "Kein Gerät zeigt diesen Code an. Prüfen Sie ihn Zeichen für Zeichen oder lassen Sie \
                sich auf dem Gerät einen neuen anzeigen.",
        too_many: "Von hier kamen zu viele falsche Codes. Bitte versuchen Sie es in zehn Minuten noch \
                   einmal.",
        stale: "Die Seite war nicht mehr aktuell, oder die Antwort kam nicht von ihr. Bitte versuchen \
                Sie es noch einmal.",
    },
    logout: Logout {
        title: "Abmelden?",
        asks: phrase("{client} möchte Sie hier abmelden."),
        sign_out: "Abmelden",
        stay: "Angemeldet bleiben",
        refused: "Sie wurden nicht abgemeldet",
        refused_message: "Die Anwendung, von der Sie kommen, hat eine Anfrage gestellt, die wir nicht \
                          beantworten können. Auf der Seite Ihres Kontos können Sie sich abmelden.",
    },
    authorize: Authorize {
        refused: "Dieser Anmeldelink funktioniert nicht",
        refused_message: "Die Anwendung, von der Sie kommen, hat eine Anfrage gestellt, die wir nicht \
                          beantworten können. Gehen Sie zurück und versuchen Sie es noch einmal. Wenn \
                          das nicht hilft, wenden Sie sich an die Betreiber der Anwendung.",
        way_back: "Zurück zur Anwendung",
        unreadable: "Hier geht es nicht weiter",
        unreadable_message: "Die Adresse ist unvollständig oder stammt nicht von uns. Gehen Sie zurück \
                             zu der Anwendung, die Sie nutzen wollten, und beginnen Sie von vorn.",
        going_back: "Sie werden zur Anwendung zurückgeleitet.",
    },
};
