use super::{
    Account, AccountChoice, Authorize, ClaimMeanings, Common, Consent, Device, Language, Login,
    Logout, ScopeMeanings, SignedOut, phrase,
};

pub(super) static TURKISH: Language = Language {
    tag: "tr",
    direction: "ltr",
    common: Common {
        signed_in_as: phrase("{person} olarak oturum açtınız."),
        other_account: "Başka bir hesap kullan",
        allow: "İzin ver",
        deny: "Reddet",
        go_on: "Devam et",
        open_account: "Hesabınızı açın",
        for_developers: "Uygulamayı yönetenler için",
        support: "Yardım",
        privacy: "Gizlilik",
    },
    login: Login {
        title: "Oturum açın",
        continue_to: phrase("{client} uygulamasına devam etmek için"),
        email: "E-posta adresi",
        password: "Parola",
        submit: "Oturum aç",
        wrong: "E-posta adresi veya parola hatalı. Lütfen ikisini de kontrol edip yeniden deneyin.",
        incomplete: "Lütfen e-posta adresinizi ve parolanızı girin.",
        stale: "Bu sayfa çok uzun süre açık kaldı. Lütfen parolanızı yeniden girin.",
        busy: "Şu anda çok sayıda kişi oturum açıyor. Lütfen birkaç saniye sonra yeniden deneyin.",
        refused: "Oturum açamazsınız",
        refused_message: "Kuruluşunuz şu anda burada oturum açmanıza izin vermiyor. Bunun bir yanlışlık olduğunu düşünüyorsanız hesabınızla ilgilenen kişiye başvurun.",
    },
    account: Account {
        title: "Hesabınız",
        sign_out: "Oturumu kapat",
        sessions: "Oturumunuzun açık olduğu yerler",
        this_one: "Bu tarayıcı",
        unknown_browser: "Bilinmeyen tarayıcı",
        last_used: phrase("Son kullanım: {time}"),
        end: "Oradaki oturumu kapat",
        end_others: "Diğer tüm oturumları kapat",
        access: "Hesabınıza erişimi olanlar",
        access_since: phrase("Son izin veya kullanım: {time}"),
        withdraw: "Erişimi geri al",
        stale: "Bu sayfa güncelliğini yitirmişti",
        stale_message: "Hiçbir şey değiştirilmedi. Lütfen hesabınızı yeniden açıp işlemi tekrarlayın.",
    },
    account_choice: AccountChoice {
        title: "Hesap seçin",
        continue_as: phrase("{person} olarak devam et"),
        stale: "Lütfen yeniden seçin",
        stale_message: "Bu yanıt size gösterilen sayfadan gelmedi ya da sayfa güncelliğini \
                        yitirmişti. Hiçbir seçim yapılmadı.",
    },
    signed_out: SignedOut {
        title: "Oturumunuz kapatıldı",
        message: "Kullandığınız uygulamalarda oturumunuz açık kalmış olabilir. Lütfen oralarda da \
                  oturumu kapatın.",
        going_back: "Kullandığınız uygulamalardaki oturumlarınız kapatılıyor, ardından geri \
                     yönlendirileceksiniz.",
        sign_in_again: "Yeniden oturum aç",
    },
    consent: Consent {
        title: "Erişime izin veriyor musunuz?",
        asks: phrase("{client} şunları yapmak istiyor:"),
        valid_at: "Bu erişimin geçerli olduğu yerler:",
        registered_itself: "Bu uygulama kendi kendini kaydetti; burada kimse onu denetlemedi.",
        sent_to: phrase("Yanıtınızdan sonra {host} adresine yönlendirileceksiniz."),
        policy: "Gizlilik politikası",
        terms: "Hizmet koşulları",
        stale: "Lütfen yeniden karar verin",
        stale_message: "Bu yanıt size gösterilen sayfadan gelmedi ya da sayfa güncelliğini \
                        yitirmişti. Hiçbir şeye izin verilmedi.",
        again: "Soruyu yeniden göster",
    },
    scopes: ScopeMeanings {
        openid: "Oturum açtığınızda sizi tanımak",
        profile: "Adınızı ve profilinizi görmek",
        email: "E-posta adresinizi görmek",
        address: "Posta adresinizi görmek",
        phone: "Telefon numaranızı görmek",
        offline_access: "Siz çevrimiçi değilken de bu erişimi sürdürmek",
    },
    claims: ClaimMeanings {
        name: "Tam adınızı görmek",
        given_name: "Adınızı görmek",
        family_name: "Soyadınızı görmek",
        middle_name: "İkinci adınızı görmek",
        nickname: "Takma adınızı görmek",
        preferred_username: "Kullanıcı adınızı görmek",
        profile: "Profil sayfanızın adresini görmek",
        picture: "Resminizi görmek",
        website: "Web sitenizin adresini görmek",
        gender: "Cinsiyetinizi görmek",
        birthdate: "Doğum tarihinizi görmek",
        zoneinfo: "Saat diliminizi görmek",
        locale: "Dilinizi görmek",
        updated_at: "Profilinizin en son ne zaman değiştiğini görmek",
    },
    device: Device {
        title: "Cihaz bağlayın",
        type_it: "Cihazınızda görünen kodu girin.",
        compare: "Yalnızca cihazınızda tam olarak bu kod görünüyorsa devam edin.",
        code: "Cihazdaki kod",
        question: "Bu cihaz bağlansın mı?",
        asks: phrase("{client}, bu kodu gösteren cihazda şunları yapmak istiyor:"),
        warning: "Yalnızca bu işlemi kendiniz başlattıysanız ve bu kodu gösteren cihaz \
                  karşınızdaysa izin verin. Kodu veya bağlantıyı size başkası gönderdiyse reddedin; \
                  aksi hâlde o kişi hesabınıza girebilir.",
        allowed: "Cihazınız bağlandı",
        go_back: "Cihazınıza dönün. Bu sayfayı kapatabilirsiniz.",
        denied: "Hiçbir şeye izin verilmedi",
        nothing: "Cihaza reddettiğiniz bildirildi. Bu sayfayı kapatabilirsiniz.",
        wrong: "Bu kodu gösteren bir cihaz yok. Kodu harf harf kontrol edin veya cihazınızda yeni \
                bir kod oluşturun.",
        too_many: "Buradan çok fazla hatalı kod girildi. Lütfen on dakika sonra yeniden deneyin.",
        stale: "Sayfa güncelliğini yitirmişti ya da yanıt bu sayfadan gelmedi. Lütfen yeniden \
                deneyin.",
    },
    logout: Logout {
        title: "Oturum kapatılsın mı?",
        asks: phrase("{client} buradaki oturumunuzu kapatmak istiyor."),
        sign_out: "Oturumu kapat",
        stay: "Oturum açık kalsın",
        refused: "Oturumunuz kapatılmadı",
        refused_message: "Sizi buraya yönlendiren uygulama, yanıtlayamadığımız bir istekte bulundu. \
                          Oturumunuzu hesap sayfanızdan kapatabilirsiniz.",
    },
    authorize: Authorize {
        refused: "Bu oturum açma bağlantısı çalışmıyor",
        refused_message: "Sizi buraya yönlendiren uygulama, yanıtlayamadığımız bir istekte bulundu. \
                          Uygulamaya dönüp yeniden deneyin; sorun sürerse uygulamayı yönetenlere \
                          haber verin.",
        way_back: "Uygulamaya geri dön",
        unreadable: "Bu sayfadan devam edilemiyor",
        unreadable_message: "Adres eksik ya da başka bir yerden geliyor. Kullanmak istediğiniz \
                             uygulamaya dönüp baştan başlayın.",
        going_back: "Uygulamaya geri yönlendiriliyorsunuz.",
    },
};
