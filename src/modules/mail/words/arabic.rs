use assay_reconciler::spec::LetterKind;

use super::{LetterWords, Words, words};

pub(super) static ARABIC: Words = Words {
    code: "أو اكتب هذا الرمز في الصفحة التي طلبته منها:",
    expires: "كلاهما صالح مرة واحدة خلال {{ minutes }} دقيقة.",
    address: "إذا لم يعمل الزر فافتح هذا العنوان:",
    ignore: "إذا لم تطلب ذلك فلا يلزمك فعل شيء، ولن يتغير شيء.",
    not_you: "إذا لم تكن أنت من فعل ذلك فغيّر كلمة المرور فورًا وراجع حسابك: {{ account }}",
    sent_to: "أُرسلت هذه الرسالة إلى {{ email }} من {{ product }}.",
    letter,
};

fn letter(kind: LetterKind) -> LetterWords {
    match kind {
        LetterKind::Verification => words(
            "أكّد عنوان بريدك الإلكتروني",
            "يرجى تأكيد أن {{ email }} هو عنوانك.",
            "تأكيد العنوان",
        ),
        LetterKind::Recovery => words(
            "العودة إلى حسابك",
            "طلب أحدهم، وربما أنت، استعادة الدخول إلى حساب {{ email }} في {{ product }}. يقودك الرابط إلى ذلك.",
            "العودة إلى حسابي",
        ),
        LetterKind::Registration => words(
            "أكمل إنشاء حسابك",
            "بقيت خطوة واحدة لإنشاء حسابك في {{ product }}: أكّد أن {{ email }} هو عنوانك.",
            "إنشاء الحساب",
        ),
        LetterKind::AlreadyRegistered => words(
            "لديك حساب بالفعل",
            "أراد أحدهم، وربما أنت، إنشاء حساب في {{ product }} بالعنوان {{ email }}. يوجد حساب بالفعل، فما عليك إلا تسجيل الدخول.",
            "تسجيل الدخول",
        ),
        LetterKind::Invitation => words(
            "دعوة إلى {{ product }}",
            "أنت مدعو لإنشاء حساب في {{ product }}. الدعوة صالحة لمدة {{ days }} أيام.",
            "قبول الدعوة",
        ),
        LetterKind::EmailChange => words(
            "أكّد عنوان بريدك الجديد",
            "يرجى تأكيد أن {{ email }} سيكون عنوان حسابك في {{ product }}.",
            "تأكيد العنوان الجديد",
        ),
        LetterKind::EmailChanged => words(
            "تغيّر عنوان بريدك الإلكتروني",
            "تغيّر عنوان حسابك في {{ product }} إلى {{ newEmail }} ({{ time }}). إذا لم تكن أنت من فعل ذلك فتراجع عنه خلال {{ days }} أيام.",
            "التراجع عن التغيير",
        ),
        LetterKind::NewDevice => words(
            "تسجيل دخول جديد إلى حسابك",
            "سجّل أحدهم الدخول إلى حسابك في {{ product }} من متصفح لم تستخدمه من قبل: {{ device }}، {{ place }} ({{ time }}).",
            "",
        ),
        LetterKind::PasswordChanged => words(
            "تغيّرت كلمة المرور",
            "تغيّرت كلمة مرور حسابك في {{ product }} ({{ time }}). أُنهي تسجيل الدخول في المتصفحات الأخرى.",
            "",
        ),
        LetterKind::PasskeyAdded => words(
            "أُضيف مفتاح مرور",
            "أُضيف مفتاح المرور «{{ name }}» إلى حسابك في {{ product }} ({{ time }}).",
            "",
        ),
        LetterKind::PasskeyRemoved => words(
            "حُذف مفتاح مرور",
            "حُذف مفتاح المرور «{{ name }}» من حسابك في {{ product }} ({{ time }}).",
            "",
        ),
        LetterKind::PasskeySuspected => words(
            "ربما نُسخ أحد مفاتيح المرور لديك",
            "استُخدم مفتاح المرور «{{ name }}» الخاص بحسابك في {{ product }} على نحو لا يفسّره إلا وجود نسخة منه ({{ time }}). لم يعد بإمكان أحد تسجيل الدخول به. احذفه وأضف مفتاحًا جديدًا وراجع حسابك.",
            "عرض مفاتيح المرور",
        ),
        LetterKind::SecondFactorAdded => words(
            "فُعّل التحقق بخطوتين",
            "صار تسجيل الدخول إلى حسابك في {{ product }} يتطلب أيضًا رمزًا من تطبيق المصادقة ({{ time }}).",
            "",
        ),
        LetterKind::SecondFactorRemoved => words(
            "أُوقف التحقق بخطوتين",
            "لم يعد تسجيل الدخول إلى حسابك في {{ product }} يتطلب خطوة ثانية ({{ time }}).",
            "",
        ),
        LetterKind::RecoveryCodeUsed => words(
            "استُخدم رمز استرداد",
            "استُخدم أحد رموز الاسترداد لتسجيل الدخول في {{ product }} ({{ time }}). الرموز المتبقية: {{ left }}.",
            "",
        ),
        LetterKind::RecoveryCodesMade => words(
            "رموز استرداد جديدة",
            "أُنشئت رموز استرداد جديدة لحسابك في {{ product }} ({{ time }}). لم تعد الرموز السابقة صالحة.",
            "",
        ),
        LetterKind::AccountLinked => words(
            "رُبط {{ provider }} بحسابك",
            "يمكنك الآن تسجيل الدخول إلى حسابك في {{ product }} عبر {{ provider }} ({{ time }}).",
            "",
        ),
        LetterKind::AccountUnlinked => words(
            "فُصل {{ provider }} عن حسابك",
            "لم يعد بإمكانك تسجيل الدخول إلى حسابك في {{ product }} عبر {{ provider }} ({{ time }}).",
            "",
        ),
        LetterKind::DeletionScheduled => words(
            "سيُحذف حسابك",
            "سيُحذف حسابك في {{ product }} بعد {{ days }} أيام بناءً على طلب بتاريخ {{ time }}. يمكنك الاحتفاظ به حتى ذلك الحين.",
            "الاحتفاظ بالحساب",
        ),
        LetterKind::AccountDeleted => words(
            "حُذف حسابك",
            "حُذف حسابك في {{ product }} وكل ما كان معروفًا عنك هناك ({{ time }}).",
            "",
        ),
    }
}
