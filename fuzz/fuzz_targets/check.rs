//! Any bytes can be checked, cured, checked again and laid out: never a panic, a cure makes no new error, and what
//! was laid out stays as it is.
#![no_main]

use config::Target;
use diag::Safety;
use diag::render::{self, Counts};
use lbctl::text;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for target in [Target::Proxyd, Target::HaProxy(2, 6), Target::HaProxy(3, 5)] {
        let (sources, findings) = text::check(bytes, target);
        let _ = render::full(&sources, &findings, render::Style::default());
        let _ = render::json(&sources, &findings);
        for most in [Safety::Safe, Safety::Unsafe] {
            let Some(fixed) = text::fix(bytes, target, most) else { continue };
            let (_, again) = text::check(&fixed, target);
            let (before, after) = (Counts::of(&findings).errors, Counts::of(&again).errors);
            assert!(after <= before, "{}", String::from_utf8_lossy(&fixed));
        }
    }
    let laid = text::layout(bytes).expect("the words stay");
    assert_eq!(text::layout(&laid).as_deref(), Some(laid.as_slice()), "twice is once");
});
