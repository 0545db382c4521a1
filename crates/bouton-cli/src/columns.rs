//! Text in 80 columns: wrapped lines and tables.

use bouton::io::table::wrap;

/// Columns of a terminal.
pub const WIDTH: usize = 80;

/// Rows in aligned columns; the last column is wrapped.
pub fn table(rows: &[Vec<String>]) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |c: usize| rows.iter().filter_map(|r| r.get(c)).map(|x| x.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count.saturating_sub(1)).map(width).collect();
    let before: usize = 2 + widths.iter().map(|w| w + 2).sum::<usize>();
    let mut out = String::new();
    for row in rows {
        let mut line = String::from("  ");
        for (c, w) in widths.iter().enumerate() {
            line += &format!("{:w$}  ", row.get(c).map_or("", String::as_str));
        }
        let last = row.get(widths.len()).map_or("", String::as_str);
        for (k, text) in wrap(last, WIDTH.saturating_sub(before).max(20), "", "").into_iter().enumerate() {
            let lead = if k == 0 { line.clone() } else { " ".repeat(before) };
            out += format!("{lead}{text}").trim_end();
            out.push('\n');
        }
    }
    out
}

/// A page of Markdown: paragraphs wrapped, tables aligned.
pub fn page(text: &str) -> String {
    let mut out = String::new();
    let mut paragraph = String::new();
    let mut rows: Vec<Vec<String>> = vec![];
    let mut code = false;
    for line in text.lines().chain([""]) {
        // An example stands as it is, so that it can be copied; its fences go.
        if line.starts_with("```") {
            code = !code;
            continue;
        }
        if code {
            out += format!("    {line}").trim_end();
            out.push('\n');
            continue;
        }
        let row = line.trim().strip_prefix('|');
        if row.is_none() && !rows.is_empty() {
            out += &table(&std::mem::take(&mut rows));
        }
        match row {
            Some(_) if line.contains("|---") => {}
            Some(row) => {
                let cells = row.trim_end().trim_end_matches('|').split('|');
                rows.push(cells.map(|c| c.trim().replace('`', "")).collect());
            }
            None if line.trim().is_empty() => {
                if !paragraph.is_empty() {
                    out += &(wrap(&std::mem::take(&mut paragraph), WIDTH, "", "").join("\n") + "\n");
                }
                out.push('\n');
            }
            None => {
                paragraph += line;
                paragraph.push(' ');
            }
        }
    }
    out.trim_end().to_string() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_keep_to_the_width() {
        let long = "word ".repeat(40);
        let text = page(&format!("{long}\n{long}\n\n| a | b |\n|---|---|\n| `x` | {long} |\n\nend"));
        assert!(text.lines().all(|l| l.chars().count() <= WIDTH), "{text}");
        assert!(text.contains("  x  word") && text.ends_with("\n\nend\n"), "{text}");
        let example = page("so:\n\n```toml\nformat = 1\n\n[nodes.a]\n```\n\nend");
        assert_eq!(example, "so:\n\n    format = 1\n\n    [nodes.a]\n\nend\n");
    }
}
