//! What comes of layers, by the rules of containerd, and what layers cannot do that are made to harm.

use crate::bounds::Bounds;
use crate::tar::{BLOCK, Reader};
use crate::tars::{Tar, digest, header, listed, merged, merged_as};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

fn tar() -> Tar {
    Tar::default()
}

fn fault(layer: Tar) -> String {
    merged(vec![layer.done()], Bounds::default()).unwrap_err()
}

#[test]
fn a_whiteout_removes_a_file_and_a_folder() {
    let low = tar().folder("d/").file("d/a", "1").file("d/b", "2").file("c", "3");
    assert_eq!(listed(vec![low, tar().gone("d/.wh.a").gone(".wh.c")]).unwrap(), "d/ d/b=2");
    let low = tar().folder("d/").file("d/a", "1").file("c", "3");
    assert_eq!(listed(vec![low, tar().gone(".wh.d").gone(".wh.never")]).unwrap(), "c=3");
}

#[test]
fn a_whiteout_does_not_hide_what_its_own_layer_puts_there_before_or_after() {
    let low = || tar().folder("d/").file("d/a", "1").file("s", "low");
    let after = tar().gone(".wh.d").folder("d/").file("d/b", "2").gone(".wh.s").file("s", "up");
    assert_eq!(listed(vec![low(), after]).unwrap(), "d/ d/b=2 s=up");
    let before = tar().folder("d/").file("d/b", "2").gone(".wh.d").file("s", "up").gone(".wh.s");
    assert_eq!(listed(vec![low(), before]).unwrap(), "d/ d/b=2 s=up");
}

#[test]
fn an_opaque_folder_hides_only_what_is_below() {
    let low = || tar().folder("d/").file("d/a", "1").folder("d/e/").file("d/e/f", "2");
    let up = tar().folder("d/").file("d/b", "3").file("d/e/g", "4").gone("d/.wh..wh..opq");
    assert_eq!(listed(vec![low(), up]).unwrap(), "d/ d/b=3 d/e/ d/e/g=4");
    assert_eq!(listed(vec![low(), tar().gone("d/.wh..wh..opq").gone("d/.wh..wh.plnk")]).unwrap(), "d/");
}

#[test]
fn what_comes_later_replaces_what_was_there() {
    assert_eq!(listed(vec![tar().folder("d/").file("d/a", "1"), tar().file("d", "file")]).unwrap(), "d=file");
    assert_eq!(listed(vec![tar().file("a", "1").file("./a", "2").file("u", "x").symbolic("u", "a")]).unwrap(), "a=2 u->a");
    assert_eq!(listed(vec![tar().file("a/../b", "b").file("/abs", "c")]).unwrap(), "abs=c b=b");
}

#[test]
fn a_folder_that_is_only_implied_replaces_a_file_below_and_is_refused_within_a_layer() {
    assert_eq!(listed(vec![tar().file("t", "file"), tar().file("t/in", "in")]).unwrap(), "t/ t/in=in");
    assert_eq!(fault(tar().file("t", "file").file("t/in", "in")), r#"layer 0: "t/in": it lies below "t", which is no folder"#);
}

#[test]
fn an_entry_goes_through_a_link_of_its_own_layer() {
    let layer = tar().folder("real/").symbolic("link", "real").file("link/up", "1").symbolic("abs", "/real").file("abs/two", "2");
    assert_eq!(listed(vec![layer]).unwrap(), "abs->/real link->real real/ real/two=2 real/up=1");
    let out = tar().folder("d/").symbolic("d/l", "../../../e").file("d/l/f", "in the image");
    assert_eq!(listed(vec![out]).unwrap(), "d/ d/l->../../../e e/ e/f=in the image");
    assert!(fault(tar().symbolic("a", "b").symbolic("b", "a").file("a/f", "")).contains("more than 255 links"));
}

#[test]
fn an_entry_replaces_a_link_of_a_lower_layer_as_an_overlay_does() {
    let low = tar().folder("real/").file("real/low", "1").symbolic("link", "real");
    assert_eq!(listed(vec![low, tar().file("link/up", "2")]).unwrap(), "link/ link/up=2 real/ real/low=1");
    let low = tar().folder("usr/lib/").file("usr/lib/low", "1").symbolic("lib", "usr/lib");
    assert_eq!(listed(vec![low, tar().folder("lib/").file("lib/x", "2")]).unwrap(), "lib/ lib/x=2 usr/ usr/lib/ usr/lib/low=1");
}

#[test]
fn a_hard_link_keeps_the_content_of_names_that_go() {
    let low = || tar().file("a", "old").hard("b", "a").hard("c", "b");
    assert_eq!(listed(vec![low(), tar().file("a", "new")]).unwrap(), "a=new b=old c=>b");
    assert_eq!(listed(vec![low(), tar().gone(".wh.a").gone(".wh.b")]).unwrap(), "c=old");
    assert_eq!(listed(vec![low(), tar().hard("d/e", "c").gone(".wh.a").gone(".wh.b").gone(".wh.c")]).unwrap(), "d/ d/e=old");
    let special = tar().symbolic("s", "to").hard("t", "s");
    assert_eq!(listed(vec![special]).unwrap(), "s->to t=>s");
}

#[test]
fn a_hard_link_without_its_target_fails_by_name() {
    assert_eq!(fault(tar().hard("two", "one").file("one", "1")), r#"layer 0: "two": it is a hard link to "one", which is not there"#);
    assert_eq!(fault(tar().folder("d/").hard("two", "d")), r#"layer 0: "two": it is a hard link to "d", which is a folder"#);
    assert!(fault(tar().file("a", "").hard("a", "a")).contains("not there"));
}

#[test]
fn names_and_times_and_attributes_come_out_as_they_are() {
    let layer = tar()
        .pax(b'x', "path", b"caf\xe9/\xff")
        .file("short", "1")
        .pax(b'x', "mtime", b"-1.5")
        .file("early", "2")
        .pax(b'x', "mtime", b"8204889600")
        .file("late", "3")
        .pax(b'x', "SCHILY.xattr.user.a", b"\0\xfe=\n")
        .file("attributes", "4")
        .bytes(&header(b'0', b"gnu", b"", 0, b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfb"));
    let out = merged(vec![layer.done()], Bounds::default()).unwrap();
    let mut reader = Reader::new(out.as_slice());
    let mut found = Vec::new();
    while let Some(entry) = reader.next().unwrap() {
        found.push((entry.path.escape_ascii().to_string(), entry.mtime, entry.attributes));
    }
    let attributes = vec![(b"user.a".to_vec(), b"\0\xfe=\n".to_vec())];
    let expected = [
        ("caf\\xe9/", 0, vec![]),
        ("caf\\xe9/\\xff", 0, vec![]),
        ("early", 0, vec![]),
        ("late", i64::from(u32::MAX), vec![]),
        ("attributes", 0, attributes),
        ("gnu", 0, vec![]),
    ];
    assert_eq!(found, expected.map(|(name, mtime, attributes)| (name.to_string(), mtime, attributes)));
}

/// What the merged tar says of each path: mode, owner, group, time and the names of attributes.
fn described(layers: Vec<Tar>) -> Vec<String> {
    let out = merged(layers.into_iter().map(Tar::done).collect(), Bounds::default()).unwrap();
    let mut reader = Reader::new(out.as_slice());
    let mut found = Vec::new();
    while let Some(it) = reader.next().unwrap() {
        let names: Vec<String> = it.attributes.iter().map(|(name, _)| String::from_utf8_lossy(name).into_owned()).collect();
        found.push(format!("{} {:o} {}:{} {} {}", it.path.escape_ascii(), it.mode, it.user, it.group, it.mtime, names.join(",")));
    }
    found
}

#[test]
fn the_last_header_of_a_file_says_what_it_is_also_that_of_a_hard_link() {
    let attribute = |tar: Tar, name: &str| tar.pax(b'x', &format!("SCHILY.xattr.{name}"), b"1");
    let layer = attribute(attribute(tar(), "user.a"), "security.capability").file("a", "1");
    let layer = attribute(layer.pax(b'x', "uid", b"7").pax(b'x', "mtime", b"5"), "user.b").hard("b", "a");
    assert_eq!(described(vec![layer]), ["a 644 7:0 5 user.b,user.a", "b 644 7:0 5 "]);
}

#[test]
fn a_folder_that_its_layer_names_twice_keeps_its_attributes_and_one_of_a_lower_layer_does_not() {
    let attribute = |tar: Tar, name: &str| tar.pax(b'x', &format!("SCHILY.xattr.{name}"), b"1");
    let twice = || attribute(attribute(tar(), "user.a").folder("d/"), "user.b").folder("d/");
    assert_eq!(described(vec![twice()]), ["d/ 644 0:0 0 user.b,user.a"]);
    assert_eq!(described(vec![twice(), tar().folder("d/")]), ["d/ 644 0:0 0 "]);
}

#[test]
fn only_files_and_folders_have_attributes() {
    let layer = |kind| tar().pax(b'x', "SCHILY.xattr.user.a", b"1").raw(kind, "x", "to", b"");
    for (kind, expected) in [(b'0', "user.a"), (b'5', "user.a"), (b'2', ""), (b'3', ""), (b'6', "")] {
        assert!(described(vec![layer(kind)])[0].ends_with(&format!(" 0 {expected}")), "{kind}");
    }
}

#[test]
fn times_that_go_cannot_count_in_nanoseconds_become_1970() {
    for (time, expected) in [("9223372035", u32::MAX), ("9223372036", 0), ("-1", 0), ("4294967294", u32::MAX - 1)] {
        assert_eq!(described(vec![tar().pax(b'x', "mtime", time.as_bytes()).file("a", "")]), [format!("a 644 0:0 {expected} ")]);
    }
}

#[test]
fn an_implied_folder_has_the_group_of_a_folder_above_that_passes_it_on() {
    let mut setgid = header(b'5', b"d", b"", 0, b"0");
    setgid[100..107].copy_from_slice(b"0002755");
    setgid[116..123].copy_from_slice(b"0000012");
    setgid[148..156].copy_from_slice(b"        ");
    let sum: u32 = setgid.iter().map(|&byte| u32::from(byte)).sum();
    setgid[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    let layer = tar().bytes(&setgid).file("d/e/f", "").file("g/h", "");
    let expected = ["d/ 2755 0:10 0 ", "d/e/ 755 0:10 0 ", "g/ 755 0:0 0 ", "d/e/f 644 0:0 0 ", "g/h 644 0:0 0 "];
    assert_eq!(described(vec![layer]), expected);
}

#[test]
fn a_slash_at_the_end_makes_a_folder_of_what_has_no_type_alone() {
    assert_eq!(listed(vec![tar().raw(0, "old/", "", b"").raw(b'0', "file/", "", b"")]).unwrap(), "file= old/");
}

/// sqfstar takes the beginning from a `linkpath`.
#[test]
fn a_long_target_of_a_link_is_written_as_gnu_has_it() {
    let target = format!("/../{}", "n".repeat(120));
    let layer = tar().pax(b'x', "linkpath", target.as_bytes()).symbolic("a", "");
    let out = merged(vec![layer.done()], Bounds::default()).unwrap();
    assert!(!out.windows(8).any(|bytes| bytes == b"linkpath"));
    assert_eq!(Reader::new(out.as_slice()).next().unwrap().unwrap().link, target.as_bytes());
}

#[test]
fn refuses_a_layer_that_is_not_the_one_configured() {
    let fault = merged_as(vec![tar().done()], &["sha256:0".into()], Bounds::default()).unwrap_err();
    assert!(fault.contains(&digest(&tar().done())), "{fault}");
}

/// Zeros behind some bytes.
fn gzip(before: &[u8], zeros: usize) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    out.write_all(before).unwrap();
    for _ in 0..zeros / (1 << 16) {
        out.write_all(&[0; 1 << 16]).unwrap();
    }
    out.finish().unwrap()
}

fn small() -> Bounds {
    let mut bounds = Bounds::default();
    (bounds.most_entries, bounds.most_unpacked_bytes) = (10, 1 << 20);
    bounds
}

#[test]
fn what_is_kept_in_memory_and_what_is_read_again_come_out_alike() {
    let low = tar().folder("d/").file("d/a", &"1".repeat(300_000)).file("gone", "2").done();
    let middle = tar().file("d/b", &"3".repeat(200_000)).file("d/a", "4").done();
    let zeros = 1 << 20;
    let digests = [digest(&low), digest(&[middle.clone(), vec![0; zeros]].concat()), digest(&tar().gone(".wh.gone").file("e", "5").done())];
    let merged = |most| {
        let layers = vec![low.clone(), gzip(&middle, zeros), tar().gone(".wh.gone").file("e", "5").done()];
        let mut bounds = Bounds::default();
        bounds.most_kept_bytes = most;
        merged_as(layers, &digests, bounds).unwrap()
    };
    let all = merged(u64::MAX);
    for most in [0, 1, 250_000, 1_000_000, 1_500_000] {
        assert!(merged(most) == all, "with {most} bytes in memory");
    }
}

#[test]
fn the_lowest_layer_with_a_fault_is_told() {
    let bad = |name: &str| tar().file("t", "file").file(name, "in").done();
    let broken = || gzip(&tar().file("a", "1").done(), 1 << 20)[..300].to_vec();
    for _ in 0..3 {
        let fault = merged(vec![tar().file("a", "1").done(), bad("t/one"), broken(), bad("t/two")], Bounds::default()).unwrap_err();
        assert_eq!(fault, r#"layer 1: "t/one": it lies below "t", which is no folder"#);
        let fault = merged(vec![broken(), bad("t/one")], Bounds::default()).unwrap_err();
        assert!(fault.starts_with("layer 0: "), "{fault}");
    }
}

#[test]
fn a_layer_that_unpacks_without_end_is_given_up_also_behind_its_end() {
    for before in [header(b'0', b"f", b"", 4 << 20, b"0").to_vec(), Vec::new()] {
        let bomb = gzip(&before, 4 << 20);
        assert!(bomb.len() < 200_000);
        let fault = merged_as(vec![bomb], &["sha256:".into()], small()).unwrap_err();
        assert!(fault.contains("more than 1048576 bytes without compression"), "{fault}");
    }
}

#[test]
fn entries_and_implied_folders_without_end_are_given_up() {
    let many = (0..11).fold(tar(), |tar, number| tar.file(&format!("f{number}"), ""));
    assert!(merged(vec![many.done()], small()).unwrap_err().contains("more than 10 entries"));
    let deep = tar().file("a/b/c/d/e/f/g/h/i/j/k", "");
    assert!(merged(vec![deep.done()], small()).unwrap_err().contains("more than 10 entries"));
}

#[test]
fn headers_that_would_fill_the_memory_are_not_read() {
    for kind in *b"xgLKX" {
        let bomb = gzip(&header(kind, b"bomb", b"", 2 << 20, b"0"), 2 << 20);
        let fault = merged_as(vec![bomb], &["sha256:".into()], Bounds::default()).unwrap_err();
        assert!(fault.contains("more than 1048576 bytes of headers"), "{fault}");
    }
    let chain = (0..20).fold(tar(), |tar, _| tar.pax(b'x', "comment", b"a"));
    assert!(fault(chain).contains("or more than 8 of them"));
}

#[test]
fn what_readers_read_in_two_ways_is_refused() {
    assert!(fault(tar().bytes(&header(b'S', b"f", b"", 0, b"0"))).contains("sparse"));
    assert!(fault(tar().pax(b'x', "GNU.sparse.realsize", b"9223372036854775807").file("f", "")).contains("sparse"));
    assert!(fault(tar().pax(b'x', "size", b"+5").file("f", "")).contains("none"));
    assert!(fault(tar().pax(b'g', "size", b"5").file("f", "")).contains("for all entries"));
    assert!(fault(tar().raw(b'1', "link", "f", &[0; BLOCK])).contains("is no file and has content"));
    assert!(fault(tar().pax(b'x', "uid", b"4294967295").file("f", "")).contains("more than Linux has"));
    assert!(fault(tar().raw(b'V', "label", "", b"")).contains("not known"));
}

#[test]
fn links_cannot_lead_deeper_than_a_path_may_be() {
    let deep = "d/".repeat(120);
    let layer = tar().folder(&deep[..80]).symbolic("l", &deep[..80]);
    let layer = layer.pax(b'x', "path", format!("l/{deep}f").as_bytes()).file("f", "");
    assert!(fault(layer).contains("128 folders"));
    let long = tar().pax(b'x', "linkpath", &[b'n'; 256]).symbolic("l", "").file("l/f", "");
    assert!(fault(long).contains("a name of more than 255 bytes"));
}

/// Any bytes: a sentence or an image, never a panic.
#[test]
fn noise_is_refused_or_read() {
    let whole = tar().folder("d/").pax(b'x', "SCHILY.xattr.user.a", b"1").file("d/a", "1").hard("d/b", "d/a").symbolic("d/c", "d").done();
    let mut state = 4711u64;
    let mut random = move |most: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % most
    };
    let mut refused = 0;
    for _ in 0..2_000 {
        let mut layer = whole.clone();
        for _ in 0..=random(4) {
            let at = random(layer.len());
            layer[at] = random(256) as u8;
        }
        match merged(vec![layer], Bounds::default()) {
            Ok(_) => {}
            Err(fault) => {
                refused += 1;
                assert!(fault.starts_with("layer 0: ") && fault.is_ascii() && !fault.contains('\n'), "{fault}");
            }
        }
    }
    assert!((100..2_000).contains(&refused), "{refused}");
}
