//! Pax records: `LENGTH KEY=VALUE\n`, where the length counts the whole record, and the value is any bytes.

use crate::Fault;

/// What one or several extended headers say of the next entry. Source: POSIX pax interchange format; the `SCHILY.xattr.` keys of star, which
/// Docker and BuildKit write.
#[derive(Default)]
pub struct Pax {
    pub path: Option<Vec<u8>>,
    pub link: Option<Vec<u8>>,
    pub size: Option<u64>,
    pub user: Option<u64>,
    pub group: Option<u64>,
    pub mtime: Option<i64>,
    /// Those that a container may bring with it. Others, such as `trusted.overlay.*`, would be taken for the machine's own.
    pub attributes: Vec<(Vec<u8>, Vec<u8>)>,
}

const ATTRIBUTE: &[u8] = b"SCHILY.xattr.";

impl Pax {
    pub fn read(&mut self, records: &[u8]) -> Result<(), Fault> {
        each(records, |key, value| {
            let number = || decimal(value).ok_or_else(|| "an entry has a number that is none".to_string());
            // An empty value takes back what was said before.
            let text = || (!value.is_empty()).then(|| value.to_vec());
            match key {
                b"path" => self.path = text(),
                b"linkpath" => self.link = text(),
                b"size" => self.size = Some(number()?),
                b"uid" => self.user = Some(number()?),
                b"gid" => self.group = Some(number()?),
                b"mtime" => self.mtime = Some(seconds(value).ok_or("an entry has a time that is none")?),
                _ if key.starts_with(ATTRIBUTE) => self.attribute(&key[ATTRIBUTE.len()..], value),
                _ => {}
            }
            Ok(())
        })
    }

    /// Records for all entries: none of them is followed, and one that would change where entries begin is refused.
    pub fn check_global(records: &[u8]) -> Result<(), Fault> {
        each(records, |key, _| match key {
            b"size" => Err("it has a size for all entries".into()),
            _ => Ok(()),
        })
    }

    fn attribute(&mut self, name: &[u8], value: &[u8]) {
        if name == b"security.capability" || (name.starts_with(b"user.") && name.len() > b"user.".len() && name.len() <= 255) {
            self.attributes.retain(|(other, _)| other != name);
            self.attributes.push((name.to_vec(), value.to_vec()));
        }
    }
}

fn each(records: &[u8], mut take: impl FnMut(&[u8], &[u8]) -> Result<(), Fault>) -> Result<(), Fault> {
    let unfit = || Fault::from("an entry has extended headers that do not fit");
    let mut rest = records;
    while !rest.is_empty() {
        let space = rest.iter().position(|&byte| byte == b' ').ok_or_else(unfit)?;
        let length = decimal(&rest[..space]).and_then(|length| usize::try_from(length).ok()).ok_or_else(unfit)?;
        if length <= space + 1 || length > rest.len() || rest[length - 1] != b'\n' {
            return Err(unfit());
        }
        let record = &rest[space + 1..length - 1];
        let equals = record.iter().position(|&byte| byte == b'=').ok_or_else(unfit)?;
        let (key, value) = (&record[..equals], &record[equals + 1..]);
        if key.starts_with(b"GNU.sparse.") {
            return Err("it holds a sparse file".into());
        }
        take(key, value)?;
        rest = &rest[length..];
    }
    Ok(())
}

fn decimal(text: &[u8]) -> Option<u64> {
    let digits = (1..=15).contains(&text.len()) && text.iter().all(u8::is_ascii_digit);
    if digits { std::str::from_utf8(text).ok()?.parse().ok() } else { None }
}

/// Whole seconds, down: `-1.5` lies in the second that begins at -2.
fn seconds(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) || whole.len() > 18 {
        return None;
    }
    let negative = whole.starts_with('-');
    let seconds: i64 = whole.parse().ok()?;
    Some(if negative && fraction.bytes().any(|byte| byte != b'0') { seconds - 1 } else { seconds })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(records: &[u8]) -> Result<Pax, Fault> {
        let mut pax = Pax::default();
        pax.read(records).map(|()| pax)
    }

    #[test]
    fn keeps_bytes_that_are_no_text() {
        let pax = read(b"10 path=\xff\n29 SCHILY.xattr.user.a=\x00\n=\xfe\x01\n").unwrap();
        assert_eq!(pax.path.unwrap(), b"\xff");
        assert_eq!(pax.attributes, [(b"user.a".to_vec(), b"\x00\n=\xfe\x01".to_vec())]);
    }

    #[test]
    fn leaves_out_attributes_of_the_machine() {
        let pax = read(b"36 SCHILY.xattr.trusted.overlay.x=y\n31 SCHILY.xattr.security.ima=z\n");
        assert!(pax.unwrap().attributes.is_empty());
    }

    #[test]
    fn reads_times_of_any_age() {
        for (text, expected) in [("1.9", 1), ("-1", -1), ("-1.5", -2), ("-62135596800", -62_135_596_800), ("8204889600.25", 8_204_889_600)]
        {
            assert_eq!(seconds(text.as_bytes()), Some(expected), "{text}");
        }
        for text in ["", "x", "1.-5", "1e9", "99999999999999999999"] {
            assert_eq!(seconds(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn refuses_records_that_do_not_fit() {
        for records in ["5 a=b", "99 a=b\n", "6 ab\n\n", "0 a=b\n", "-6 a=b\n", "x a=b\n", "a=b\n", "3 \n"] {
            assert!(read(records.as_bytes()).is_err(), "{records:?}");
        }
        assert!(read(b"11 size=+5\n").is_err());
        assert!(Pax::check_global(b"10 size=5\n").is_err());
        assert!(read(b"22 GNU.sparse.size=12\n").err().unwrap().contains("sparse"));
    }
}
