//! The provider contract: ONE suite of cases, run on a folder of files, on a fake of
//! Google's API and on real CalDAV servers. A case is a function over a [`Site`]; what differs between
//! sites is in the site's traits, never in a case. Another provider joins by
//! making a site and one more line at the end of this file.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test fails by panicking

#[path = "../support/mod.rs"]
mod support;

mod api;
mod dav;
mod faults;
mod people;
mod reading;
mod site;
mod text;
mod writing;

use site::Site;

/// Runs one case on one site, or not where the site is left out.
fn run(case: impl AsyncFnOnce(&Site), site: impl Future<Output = Option<Site>>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        if let Some(site) = site.await {
            case(&site).await;
        }
    });
}

/// One test per case, named `SITE::CASE`.
macro_rules! suite {
    ($home:ident $site:ident $name:ident: $($group:ident { $($case:ident)* })*) => {
        mod $name {
            $($(
                #[test]
                fn $case() {
                    super::run(super::$group::$case, super::$home::$site(stringify!($case)));
                }
            )*)*
        }
    };
}

/// Every case a provider must pass, whatever it is.
macro_rules! contract {
    ($home:ident $($site:ident)*) => {
        $(suite! { $home $site $site:
            reading {
                calendars_are_found_with_name_and_address
                the_server_says_what_it_is
                an_empty_calendar_is_read_completely
                a_first_reading_delivers_every_resource_with_its_tag
                an_unchanged_calendar_is_unchanged_and_stores_nothing
                a_delta_stores_what_is_new_or_changed_and_nothing_else
                a_deletion_is_seen
                a_creation_undone_between_two_readings_leaves_nothing
                an_invalid_token_leads_to_a_full_listing_with_right_deletions
                two_edits_in_one_moment_are_both_seen
                names_with_spaces_percent_and_other_scripts_stay_as_they_are
                a_large_description_is_read_whole
                a_broken_resource_leaves_the_others_alone
                a_missing_resource_is_none_and_a_missing_calendar_an_error
            }
            writing {
                creating_twice_creates_once
                the_same_uid_at_another_address_is_not_a_second_meeting
                an_edit_that_came_first_wins_and_a_retry_on_top_of_it_succeeds
                a_resource_that_is_gone_is_not_brought_back_by_an_update
                a_deletion_needs_the_right_tag
                nothing_is_written_onto_a_calendar_or_outside_of_it
                an_agenda_on_one_occurrence_keeps_its_siblings
                the_tag_read_back_is_the_tag_listed
                a_new_resource_gets_a_harmless_address
            }
            people {
                a_decline_is_seen
                free_busy_of_others_is_known_or_said_to_be_unknown
                free_busy_of_a_stranger_is_unknown_and_not_free
            }
        })*
    };
}

/// What a provider must bear that reads over a network.
macro_rules! faults {
    ($home:ident $($site:ident $name:ident)*) => {
        $(suite! { $home $site $name:
            faults {
                a_failing_server_is_not_an_empty_calendar
                a_server_that_asks_to_wait_is_not_asked_again
                a_body_that_breaks_off_is_not_the_whole
                a_login_page_is_an_error
                an_empty_answer_is_an_error
                a_cut_connection_is_no_conclusion
                a_lost_answer_to_a_write_is_unknown_and_reading_back_decides
                a_redirect_elsewhere_gets_no_credentials
                a_wrong_password_is_said_to_be_one
            }
        })*
    };
}

contract! { site vdir }
contract! { api google }
contract! { dav radicale xandikos cyrus }
faults! { api google google_faults }
faults! { dav radicale radicale_faults xandikos xandikos_faults cyrus cyrus_faults }
