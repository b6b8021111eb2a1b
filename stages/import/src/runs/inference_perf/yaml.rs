//! A scalar of a YAML file that a program wrote: blocks of two blanks, one key a line.

/// The scalar at a path of keys.
pub fn find<'a>(text: &'a str, path: &[&str]) -> Option<&'a str> {
    let mut depth = 0;
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        let Some((key, value)) = line.trim().split_once(':') else { continue };
        if indent / 2 < depth {
            return None;
        }
        if indent != depth * 2 || key != *path.get(depth)? {
            continue;
        }
        if depth + 1 == path.len() {
            let value = value.trim().trim_matches(['\'', '"']);
            return (!value.is_empty() && value != "null").then_some(value);
        }
        depth += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn scalars_by_their_path() {
        let text = "a:\n  b: 1\n  c:\n    d: 'x: y'\ne:\n  d: null\n  f: z\n";
        assert_eq!((find(text, &["a", "b"]), find(text, &["a", "c", "d"])), (Some("1"), Some("x: y")));
        assert_eq!(
            (find(text, &["e", "d"]), find(text, &["a", "d"]), find(text, &["e", "f"])),
            (None, None, Some("z"))
        );
    }
}
