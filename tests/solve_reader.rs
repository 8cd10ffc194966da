//! The instance reader on damaged text: an error in words, never a panic.

use onbeat::cli::solve::accept;

const GOOD: &str = r#"{"format":"onbeat-plan/1","name":"x","origin":"2026-03-01","slot_min":15,"weeks":2,"now":0,
"weights":{"miss":400,"rebase_day":450,"rebase_time":200,"move_time":20,"move_day":40,"move_more":10,"move_cap":80,
"fair":20,"tent":15,"focus":2,"week_over":10,"churn":25,"churn_soon":25,"ideal_day":8,"ideal_step":1,"ideal_cap":12,
"focus_run":120},"people":[{"id":0,"tz":"Europe/Paris","work":[[540,1020],null,[540,1020],null,null,null,null],
"avoid":[[720,780,10]],"days":[0,0,0,0,0,0,0],"buffer":15,"max_day":3,"focus_w":1,"busy":[[2040,2100]],"tent":[],
"off":[]},{"id":1,"tz":"Asia/Kathmandu","work":[[540,1020],null,[540,1020],null,null,null,null],"avoid":[],
"days":[0,0,0,0,0,0,0],"buffer":0,"max_day":3,"focus_w":0,"busy":[],"tent":[],"off":[]}],"series":[{"id":0,
"who":[0,1],"anchor":0,"dur":30,"every":1,"days":[0,2],"window":[540,720],"tol_days":2,"lead":1440,"prio":2,
"ideal":null,"current":{"phase":0,"day":0,"tod":540},"pinned":true}],"published":[[null,900]]}"#;

#[test]
fn the_undamaged_text_is_accepted() {
    assert_eq!(accept(GOOD), Ok(()));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(400))]

    #[test]
    fn damaged_numbers_and_bytes_never_panic(
        at in 0..GOOD.len(),
        number in proptest::prop_oneof![-5i64..2000, proptest::prelude::any::<i64>()],
        byte in 32u8..127,
        replace_number: bool,
    ) {
        let mut text = GOOD.to_owned();
        let digits = |c: char| c.is_ascii_digit();
        if let Some(from) = text.get(at..).and_then(|t| t.find(digits)).map(|f| at + f).filter(|_| replace_number) {
            let rest = text.get(from..).unwrap_or_default();
            let len = rest.find(|c| !digits(c)).unwrap_or(rest.len());
            text.replace_range(from..from + len, &number.to_string());
        } else {
            text.replace_range(at..=at, &char::from(byte).to_string());
        }
        let _ = accept(&text);
    }
}
