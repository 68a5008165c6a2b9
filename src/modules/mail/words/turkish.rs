use assay_reconciler::spec::LetterKind;

use super::{LetterWords, Words, words};

pub(super) static TURKISH: Words = Words {
    code: "Ya da bu kodu istediğiniz sayfaya yazın:",
    expires: "İkisi de {{ minutes }} dakika içinde bir kez geçerlidir.",
    address: "Düğme çalışmazsa bu adresi açın:",
    ignore: "Bunu siz istemediyseniz bir şey yapmanız gerekmez: hiçbir şey değişmez.",
    not_you: "Bunu siz yapmadıysanız hemen parolanızı değiştirin ve hesabınızı gözden geçirin: {{ account }}",
    sent_to: "Bu ileti {{ product }} tarafından {{ email }} adresine gönderildi.",
    letter,
};

fn letter(kind: LetterKind) -> LetterWords {
    match kind {
        LetterKind::Verification => words(
            "E-posta adresinizi doğrulayın",
            "Lütfen {{ email }} adresinin sizin olduğunu doğrulayın.",
            "Adresi doğrula",
        ),
        LetterKind::Recovery => words(
            "Hesabınıza yeniden girin",
            "Biri, büyük olasılıkla siz, {{ product }} üzerindeki {{ email }} hesabına yeniden girmek istedi. Bağlantı sizi oraya götürür.",
            "Hesabıma yeniden gir",
        ),
        LetterKind::Registration => words(
            "Hesabınızı oluşturmayı tamamlayın",
            "{{ product }} hesabınız için tek adım kaldı: {{ email }} adresinin sizin olduğunu doğrulayın.",
            "Hesap oluştur",
        ),
        LetterKind::AlreadyRegistered => words(
            "Zaten bir hesabınız var",
            "Biri, büyük olasılıkla siz, {{ email }} ile {{ product }} üzerinde hesap oluşturmak istedi. Zaten bir hesap var; oturum açmanız yeterli.",
            "Oturum aç",
        ),
        LetterKind::Invitation => words(
            "{{ product }} daveti",
            "{{ product }} üzerinde hesap oluşturmaya davetlisiniz. Davet {{ days }} gün geçerlidir.",
            "Daveti kabul et",
        ),
        LetterKind::EmailChange => words(
            "Yeni e-posta adresinizi doğrulayın",
            "Lütfen {{ product }} hesabınızın adresinin {{ email }} olacağını doğrulayın.",
            "Yeni adresi doğrula",
        ),
        LetterKind::EmailChanged => words(
            "E-posta adresiniz değiştirildi",
            "{{ product }} hesabınızın adresi {{ newEmail }} olarak değiştirildi ({{ time }}). Bunu siz yapmadıysanız {{ days }} gün içinde geri alın.",
            "Değişikliği geri al",
        ),
        LetterKind::NewDevice => words(
            "Hesabınızda yeni oturum",
            "{{ product }} hesabınızda daha önce kullanmadığınız bir tarayıcıdan oturum açıldı: {{ device }}, {{ place }} ({{ time }}).",
            "",
        ),
        LetterKind::PasswordChanged => words(
            "Parolanız değiştirildi",
            "{{ product }} hesabınızın parolası değiştirildi ({{ time }}). Diğer tarayıcılarda oturum kapatıldı.",
            "",
        ),
        LetterKind::PasskeyAdded => words(
            "Geçiş anahtarı eklendi",
            "“{{ name }}” geçiş anahtarı {{ product }} hesabınıza eklendi ({{ time }}).",
            "",
        ),
        LetterKind::PasskeyRemoved => words(
            "Geçiş anahtarı kaldırıldı",
            "“{{ name }}” geçiş anahtarı {{ product }} hesabınızdan kaldırıldı ({{ time }}).",
            "",
        ),
        LetterKind::PasskeySuspected => words(
            "Geçiş anahtarlarınızdan biri kopyalanmış olabilir",
            "{{ product }} hesabınızdaki “{{ name }}” geçiş anahtarı, ancak bir kopyası varsa mümkün olan bir biçimde kullanıldı ({{ time }}). Artık onunla kimse oturum açamaz. Onu kaldırın, yenisini ekleyin ve hesabınızı gözden geçirin.",
            "Geçiş anahtarlarınızı görün",
        ),
        LetterKind::SecondFactorAdded => words(
            "İkinci adım açıldı",
            "{{ product }} hesabınızda oturum açmak artık doğrulama uygulamanızdan bir kod da istiyor ({{ time }}).",
            "",
        ),
        LetterKind::SecondFactorRemoved => words(
            "İkinci adım kapatıldı",
            "{{ product }} hesabınızda oturum açmak artık ikinci adım istemiyor ({{ time }}).",
            "",
        ),
        LetterKind::RecoveryCodeUsed => words(
            "Bir kurtarma kodu kullanıldı",
            "Kurtarma kodlarınızdan biriyle {{ product }} üzerinde oturum açıldı ({{ time }}). Kalan kod: {{ left }}.",
            "",
        ),
        LetterKind::RecoveryCodesMade => words(
            "Yeni kurtarma kodları",
            "{{ product }} hesabınız için yeni kurtarma kodları oluşturuldu ({{ time }}). Öncekiler artık geçerli değil.",
            "",
        ),
        LetterKind::AccountLinked => words(
            "{{ provider }} hesabınıza bağlandı",
            "{{ product }} hesabınızda artık {{ provider }} ile oturum açabilirsiniz ({{ time }}).",
            "",
        ),
        LetterKind::AccountUnlinked => words(
            "{{ provider }} bağlantısı kaldırıldı",
            "{{ product }} hesabınızda artık {{ provider }} ile oturum açamazsınız ({{ time }}).",
            "",
        ),
        LetterKind::DeletionScheduled => words(
            "Hesabınız silinecek",
            "{{ product }} hesabınız, {{ time }} tarihli istek üzerine {{ days }} gün içinde silinecek. O zamana kadar vazgeçebilirsiniz.",
            "Hesabı koru",
        ),
        LetterKind::AccountDeleted => words(
            "Hesabınız silindi",
            "{{ product }} hesabınız ve orada sizinle ilgili bilinen her şey silindi ({{ time }}).",
            "",
        ),
    }
}
