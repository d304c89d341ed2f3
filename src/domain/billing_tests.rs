//! The figures of the price list, and any price list against every combination tried one by one.

use proptest::prelude::*;

use super::*;

fn list(packs: &[(i32, i64)]) -> PriceList {
    let packs = packs.iter().map(|&(size, yearly_fen)| PackPrice { size, yearly_fen }).collect();
    PriceList::new("CNY", packs).unwrap()
}

fn defaults() -> PriceList {
    list(&[(100, 50_000), (1_000, 100_000), (10_000, 500_000)])
}

fn packs(offer: &Offer) -> Vec<(i32, i32)> {
    offer.combination.iter().map(|each| (each.size, each.count)).collect()
}

#[test]
fn the_figures_for_265_days_are_the_known_ones() {
    let hundred = quote(&defaults(), 100, 265).unwrap();
    assert_eq!(
        (hundred.offer.total.yuan().as_str(), hundred.offer.unit_price().as_str()),
        ("363.01", "3.6301")
    );
    assert_eq!((packs(&hundred.offer), hundred.cheaper), (vec![(100, 1)], None));

    let three_hundred = quote(&defaults(), 300, 265).unwrap();
    assert_eq!(three_hundred.offer.total.yuan(), "1089.04");
    assert_eq!((three_hundred.days, packs(&three_hundred.offer)), (265, vec![(100, 3)]));
    let cheaper = three_hundred.cheaper.unwrap();
    assert_eq!((cheaper.seats, cheaper.total.yuan().as_str()), (1_000, "726.03"));
    assert_eq!((packs(&cheaper), cheaper.unit_price().as_str()), (vec![(1_000, 1)], "0.7260"));
}

#[test]
fn the_total_is_rounded_once() {
    // 50,000 fen x 265 / 365 are 36,301.37 fen: three of them rounded one by one would make 108,903.
    assert_eq!(quote(&defaults(), 300, 265).unwrap().offer.total, Fen(108_904));
    assert_eq!((half_up(182, 365), half_up(183, 365), half_up(5, 10), half_up(4, 10)), (0, 1, 1, 0));
    assert_eq!(quote(&defaults(), 100, 365).unwrap().offer.total.yuan(), "500.00");
}

#[test]
fn large_orders_mix_the_packs() {
    let mixed = quote(&defaults(), 21_100, 365).unwrap();
    assert_eq!(packs(&mixed.offer), [(10_000, 2), (1_000, 1), (100, 1)]);
    assert_eq!((mixed.offer.total.yuan().as_str(), mixed.cheaper), ("11500.00", None));
    // Six packs of 1,000 cost 6,000: the pack of 10,000 is cheaper and larger.
    let cheaper = quote(&defaults(), 6_000, 365).unwrap().cheaper.unwrap();
    assert_eq!((cheaper.seats, cheaper.total.yuan().as_str()), (10_000, "5000.00"));
    let most = quote(&defaults(), MOST_SEATS, 365).unwrap();
    assert_eq!((packs(&most.offer), most.cheaper), (vec![(10_000, 100)], None));
}

#[test]
fn equal_prices_take_fewer_packs_and_more_seats() {
    let prices = list(&[(100, 100), (200, 200), (300, 400)]);
    assert_eq!(packs(&quote(&prices, 400, 365).unwrap().offer), [(200, 2)]);
    // 200 and 300 cost 50 both, and 100 costs 90; 400 is dearer again.
    let prices = list(&[(100, 90), (200, 50), (300, 50)]);
    let cheaper = quote(&prices, 100, 365).unwrap().cheaper.unwrap();
    assert_eq!((cheaper.seats, cheaper.total), (300, Fen(50)));
    // 1,000 and 1,001 fen a year are both 3 fen a day, so the more seats win though they cost more in a year.
    let prices = list(&[(100, 2_000), (200, 1_000), (300, 1_001)]);
    assert_eq!(quote(&prices, 100, 1).unwrap().cheaper.unwrap().seats, 300);
}

#[test]
fn only_whole_packs_of_a_living_licence_are_priced() {
    for seats in [0, -100, 50, 150, 99, 101, i32::MIN, i32::MAX] {
        assert_eq!(quote(&defaults(), seats, 265), Err(QuoteError::NotAMultiple { step: 100 }), "{seats}");
    }
    for seats in [1_000_100, i32::MAX - i32::MAX % 100] {
        assert_eq!(quote(&defaults(), seats, 265), Err(QuoteError::TooMany), "{seats}");
    }
    for days in [0, -1, i64::MIN] {
        assert_eq!(quote(&defaults(), 100, days), Err(QuoteError::LicenceOver), "{days}");
    }
    assert_eq!(quote(&defaults(), 100, i64::MAX), Err(QuoteError::TooDear));
    let dearest = list(&[(1, HIGHEST_YEARLY_FEN)]);
    let whole_calendar = Date::of(Millis(0)).days_until(Date::MAX);
    assert!(quote(&dearest, MOST_SEATS, whole_calendar).is_ok());
}

#[test]
fn the_smallest_pack_is_the_step_whatever_the_other_sizes() {
    let prices = list(&[(250, 70), (100, 50)]);
    assert_eq!(prices.step(), 100);
    assert_eq!(quote(&prices, 250, 1), Err(QuoteError::NotAMultiple { step: 100 }));
    assert_eq!(packs(&quote(&prices, 500, 365).unwrap().offer), [(250, 2)]);
    assert_eq!(packs(&quote(&prices, 600, 365).unwrap().offer), [(250, 2), (100, 1)]);
    // Above 999,900 there is no multiple of 600,000.
    assert_eq!(quote(&list(&[(600_000, 5)]), 600_000, 365).unwrap().cheaper, None);
}

#[test]
fn a_price_list_is_checked() {
    let wrong = |packs: &[(i32, i64)]| {
        let packs = packs.iter().map(|&(size, yearly_fen)| PackPrice { size, yearly_fen }).collect();
        PriceList::new("CNY", packs).unwrap_err()
    };
    assert_eq!(wrong(&[]), InvalidPriceList::Empty);
    assert_eq!(wrong(&[(100, 1), (200, 2), (100, 3)]), InvalidPriceList::Twice(100));
    for pack in
        [(0, 1), (-100, 1), (MOST_SEATS + 1, 1), (100, -1), (100, HIGHEST_YEARLY_FEN + 1), (i32::MIN, 1)]
    {
        assert_eq!(wrong(&[pack]), InvalidPriceList::OutOfBounds(pack.0));
    }
    let prices = defaults();
    assert_eq!((prices.currency(), prices.step(), prices.packs()[0].size), ("CNY", 100, 10_000));
}

#[test]
fn the_licence_counts_whole_days_and_ends_with_its_last() {
    let ends_on: Date = "2027-08-15".parse().unwrap();
    let at = |text: &str| text.parse::<Date>().unwrap().begins_at();
    let last_millisecond = Millis(at("2026-11-24").0 - 1);
    assert_eq!(licence_days(ends_on, at("2026-11-23")), 265);
    assert_eq!(licence_days(ends_on, last_millisecond), 265);
    assert_eq!(licence_days(ends_on, at("2026-11-24")), 264);
    assert_eq!(licence_days(ends_on, at("2027-08-14")), 1);
    assert_eq!(licence_days(ends_on, at("2027-08-15")), 0);
    assert_eq!(licence_days(ends_on, at("2030-01-01")), 0);
}

#[test]
fn amounts_are_written_with_all_their_decimals() {
    let written = [(0, "0.00"), (5, "0.05"), (50, "0.50"), (36_301, "363.01"), (100, "1.00"), (-5, "-0.05")];
    for (fen, yuan) in written {
        assert_eq!(Fen(fen).yuan(), yuan);
    }
    let offer = |seats, total| Offer { seats, combination: Vec::new(), total: Fen(total) };
    // 0.01 yuan for 200 seats are 0.00005 each: a half goes up.
    assert_eq!((offer(200, 1).unit_price(), offer(300, 1).unit_price()), ("0.0001".into(), "0.0000".into()));
    assert_eq!(offer(3, 20_000).unit_price(), "66.6667");
}

/// The least yearly price and, of those, the least number of packs that sum to exactly `seats`, by trying all.
fn by_trying_all(packs: &[PackPrice], seats: i32) -> Option<(i64, i32)> {
    let Some((pack, others)) = packs.split_first() else { return (seats == 0).then_some((0, 0)) };
    let tries = (0..=seats / pack.size).filter_map(|count| {
        let (yearly_fen, packs) = by_trying_all(others, seats - count * pack.size)?;
        Some((yearly_fen + i64::from(count) * pack.yearly_fen, packs + count))
    });
    tries.min()
}

/// Up to four packs, whose sizes keep the tables small.
fn any_list() -> impl Strategy<Value = PriceList> {
    let packs = prop::collection::btree_map(1..=12_i32, 0..1_000_i64, 1..=4);
    packs.prop_map(|packs| {
        let packs =
            packs.into_iter().map(|(size, price)| PackPrice { size: size * 10_000, yearly_fen: price * 100 });
        PriceList::new("CNY", packs.collect()).unwrap()
    })
}

proptest! {
    #[test]
    fn the_packs_sum_to_the_seats_and_no_others_are_cheaper(prices in any_list(), steps in 1..=20_i32, days in 1..1_000_i64) {
        let seats = (steps * prices.step()).min(MOST_SEATS / prices.step() * prices.step());
        let offer = quote(&prices, seats, days).unwrap().offer;
        prop_assert_eq!(offer.combination.iter().map(|each| each.size * each.count).sum::<i32>(), seats);
        let price_of = |size| prices.packs().iter().find(|pack| pack.size == size).unwrap().yearly_fen;
        let yearly: i64 = offer.combination.iter().map(|each| price_of(each.size) * i64::from(each.count)).sum();
        let packs = offer.combination.iter().map(|each| each.count).sum::<i32>();
        prop_assert_eq!(Some((yearly, packs)), by_trying_all(prices.packs(), seats));
        prop_assert_eq!(i128::from(offer.total.0), prorated(yearly, days));
    }

    #[test]
    fn the_cheaper_offer_is_larger_and_the_cheapest_of_all(prices in any_list(), steps in 1..=20_i32, days in 1..1_000_i64) {
        let most = MOST_SEATS / prices.step();
        let steps = steps.min(most);
        let total = |steps: i32| quote(&prices, steps * prices.step(), days).unwrap().offer.total;
        let asked = quote(&prices, steps * prices.step(), days).unwrap();
        let best = (steps + 1..=most).map(|steps| (total(steps), -steps)).min();
        let wanted = best.filter(|(best, _)| *best < asked.offer.total);
        let found = asked.cheaper.map(|offer| (offer.total, -offer.seats / prices.step()));
        prop_assert_eq!(found, wanted);
    }

    #[test]
    fn half_up_is_the_nearest_whole_number(dividend in 0..i128::from(i64::MAX), divisor in 1..1_000_000_i128) {
        let twice_off = (dividend - half_up(dividend, divisor) * divisor) * 2;
        prop_assert!(-divisor <= twice_off && twice_off < divisor);
    }
}

#[test]
fn the_finest_price_list_is_no_burden() {
    let prices = list(&[(1, 7), (3, 20), (1_000, 5_000)]);
    let most = quote(&prices, MOST_SEATS, 200).unwrap();
    assert_eq!((packs(&most.offer), most.cheaper), (vec![(1_000, 1_000)], None));
    assert_eq!(packs(&quote(&prices, 999_999, 200).unwrap().offer), [(1_000, 999), (3, 333)]);
}
