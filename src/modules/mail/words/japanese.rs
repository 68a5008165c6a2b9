use assay_reconciler::spec::LetterKind;

use super::{LetterWords, Words, words};

pub(super) static JAPANESE: Words = Words {
    code: "または、お手続き中の画面に次のコードを入力してください：",
    expires: "リンクとコードは{{ minutes }}分以内に一度だけ使えます。",
    address: "ボタンが動作しない場合は、次のアドレスを開いてください：",
    ignore: "お心当たりがない場合は、何もする必要はありません。何も変更されません。",
    not_you: "お心当たりがない場合は、すぐにパスワードを変更し、アカウントをご確認ください：{{ account }}",
    sent_to: "このメールは{{ product }}から{{ email }}宛てに送信されました。",
    letter,
};

fn letter(kind: LetterKind) -> LetterWords {
    match kind {
        LetterKind::Verification => words(
            "メールアドレスの確認",
            "{{ email }}がご自身のアドレスであることを確認してください。",
            "アドレスを確認する",
        ),
        LetterKind::Recovery => words(
            "アカウントの復旧",
            "{{ product }}の{{ email }}のアカウントについて、復旧の申請がありました。下のリンクから続けてください。",
            "アカウントに戻る",
        ),
        LetterKind::Registration => words(
            "アカウント作成を完了してください",
            "{{ product }}のアカウント作成まであと一歩です。{{ email }}がご自身のアドレスであることを確認してください。",
            "アカウントを作成する",
        ),
        LetterKind::AlreadyRegistered => words(
            "アカウントは既にあります",
            "{{ product }}で{{ email }}のアカウントを作成する申請がありましたが、既にアカウントがあります。そのままログインしてください。",
            "ログインする",
        ),
        LetterKind::Invitation => words(
            "{{ product }}への招待",
            "{{ product }}のアカウント作成に招待されました。招待は{{ days }}日間有効です。",
            "招待を受ける",
        ),
        LetterKind::EmailChange => words(
            "新しいメールアドレスの確認",
            "{{ product }}のアカウントのアドレスを{{ email }}に変更することを確認してください。",
            "新しいアドレスを確認する",
        ),
        LetterKind::EmailChanged => words(
            "メールアドレスが変更されました",
            "{{ product }}のアカウントのアドレスが{{ newEmail }}に変更されました（{{ time }}）。お心当たりがない場合は、{{ days }}日以内に取り消してください。",
            "変更を取り消す",
        ),
        LetterKind::NewDevice => words(
            "新しいログインがありました",
            "これまで使われていないブラウザから{{ product }}のアカウントへのログインがありました：{{ device }}、{{ place }}（{{ time }}）。",
            "",
        ),
        LetterKind::PasswordChanged => words(
            "パスワードが変更されました",
            "{{ product }}のアカウントのパスワードが変更されました（{{ time }}）。他のブラウザはログアウトされました。",
            "",
        ),
        LetterKind::PasskeyAdded => words(
            "パスキーが追加されました",
            "{{ product }}のアカウントにパスキー「{{ name }}」が追加されました（{{ time }}）。",
            "",
        ),
        LetterKind::PasskeyRemoved => words(
            "パスキーが削除されました",
            "{{ product }}のアカウントからパスキー「{{ name }}」が削除されました（{{ time }}）。",
            "",
        ),
        LetterKind::PasskeySuspected => words(
            "パスキーが複製された可能性があります",
            "{{ product }}のアカウントのパスキー「{{ name }}」が、複製がなければ起こらない形で使われました（{{ time }}）。このパスキーではもうログインできません。削除して新しいパスキーを追加し、アカウントをご確認ください。",
            "パスキーを確認",
        ),
        LetterKind::SecondFactorAdded => words(
            "二段階認証が有効になりました",
            "{{ product }}のアカウントへのログインに、認証アプリのコードも必要になりました（{{ time }}）。",
            "",
        ),
        LetterKind::SecondFactorRemoved => words(
            "二段階認証が無効になりました",
            "{{ product }}のアカウントへのログインに、二段階認証は不要になりました（{{ time }}）。",
            "",
        ),
        LetterKind::RecoveryCodeUsed => words(
            "リカバリーコードが使用されました",
            "リカバリーコードの一つが{{ product }}へのログインに使用されました（{{ time }}）。残りのコード：{{ left }}。",
            "",
        ),
        LetterKind::RecoveryCodesMade => words(
            "新しいリカバリーコード",
            "{{ product }}のアカウントの新しいリカバリーコードが作成されました（{{ time }}）。以前のコードは使えません。",
            "",
        ),
        LetterKind::AccountLinked => words(
            "{{ provider }}が連携されました",
            "{{ provider }}で{{ product }}のアカウントにログインできるようになりました（{{ time }}）。",
            "",
        ),
        LetterKind::AccountUnlinked => words(
            "{{ provider }}の連携が解除されました",
            "{{ provider }}では{{ product }}のアカウントにログインできなくなりました（{{ time }}）。",
            "",
        ),
        LetterKind::DeletionScheduled => words(
            "アカウントは削除されます",
            "{{ time }}の申請により、{{ product }}のアカウントは{{ days }}日後に削除されます。それまでは取り消せます。",
            "アカウントを残す",
        ),
        LetterKind::AccountDeleted => words(
            "アカウントが削除されました",
            "{{ product }}のアカウントと、保存されていたお客様の情報はすべて削除されました（{{ time }}）。",
            "",
        ),
    }
}
