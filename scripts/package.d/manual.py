#!/usr/bin/env python3
"""Makes the manual page, in man(7), of what the command line says of itself.

usage: kflowtrace --experimental-dump-help | manual.py VERSION DATE > kflowtrace.8
"""

import json
import re
import sys

# What no help text has.
FILES = {
    "/sys/kernel/btf/vmlinux": "The kernel's types; without them nothing can be traced.",
    "/proc/kallsyms": "Where in the kernel a packet was dropped.",
    "/run/netns, /run/docker/netns": "Names of network namespaces, for --netns and in timelines.",
    "/run/kflowtrace": "On kernels before 6.6: which tc filters are whose, so that the next start "
    "removes what kill -9 left. Gone when nobody traces.",
}
ENVIRONMENT = {
    "NO_COLOR": "If it is set and not empty, a terminal gets no colours.",
    "PATH": "Where iptables-save, nft, nsenter, gzip and zstd are looked for first.",
}


def escape(text):
    """Of one line: no word of it is a request, a hyphen can be pasted into a shell."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^(?=[.'])", r"\\&", text)


def bold(text):
    return f"\\fB{escape(text)}\\fR"


def is_heading(line):
    return re.fullmatch(r"[A-Z][A-Z ]+", line) is not None


def exit_codes(line):
    """The pairs of a line as `  0   all there      1   something is missing`."""
    return re.findall(r"(?:^|\s)\s*(\d+)\s{2,}(.+?)(?=\s{2,}\d+\s{2,}|$)", line)


def discussion(text, leaving=()):
    """Paragraphs are filled, indented lines stay as they are, a heading is a line in bold; without the
    blocks below the headings `leaving` names."""
    lines, heading, was_indented = [], None, False
    for line in text.splitlines():
        if is_heading(line):
            heading = line
        if heading in leaving:
            continue
        is_indented = line.startswith("  ")
        if was_indented and not is_indented:
            lines += [".fi", ".RE"]
        if is_indented and not was_indented:
            lines += [".PP"] if not (lines and lines[-1].startswith("\\fB")) else []
            lines += [".RS 4", ".nf"]
        was_indented = is_indented
        if is_indented:
            lines.append(escape(line[2:]))
        elif is_heading(line):
            lines += [".PP", bold(line.capitalize() + ":")]
        elif line:
            starts = not lines or lines[-1] in (".RE", "")
            lines += ([".PP"] if starts else []) + [escape(line)]
        elif lines and lines[-1] != ".RE":
            lines.append("")
    if was_indented:
        lines += [".fi", ".RE"]
    return [line for line in lines if line]


def name_of(argument):
    names = [("-" if n["kind"] == "short" else "--") + n["name"] for n in argument.get("names", [])]
    return names or [argument["valueName"].upper()]


def value_of(argument):
    return f" \\fI{escape(argument['valueName'].upper())}\\fR" if argument["kind"] == "option" else ""


def synopsis(command):
    """One line; options that every command has are left out."""
    words = []
    for argument in arguments(command):
        text = bold(name_of(argument)[0]) + value_of(argument)
        if argument["kind"] == "positional":
            text = f"\\fI{escape(name_of(argument)[0])}\\fR"
        if argument["isRepeating"]:
            text += " ..."
        words.append(f"[{text}]" if argument["isOptional"] else text)
    return " ".join(words)


def arguments(command):
    """The same but for those that every command has, a flag and its opposite as one."""
    told = []
    for argument in command.get("arguments", []):
        if not argument["shouldDisplay"] or argument["valueName"] in ("help", "version"):
            continue
        same = [t for t in told if t.get("abstract") == argument.get("abstract")]
        if same and argument["kind"] == "flag":
            same[0]["names"] = same[0]["names"] + argument["names"]
        else:
            told.append(dict(argument))
    return told


def options(command):
    lines = []
    for argument in arguments(command):
        lines += [".TP", ", ".join(bold(name) for name in name_of(argument)) + value_of(argument)]
        lines.append(escape(argument["abstract"]))
        if "discussion" in argument:
            lines.append(escape(argument["discussion"]))
        if "defaultValue" in argument:
            lines.append(f"Default: {bold(argument['defaultValue'])}.")
    return lines


def definitions(pairs):
    return [line for name, text in pairs for line in (".TP", bold(name), escape(text))]


def page(root, version, date):
    commands = [c for c in root["subcommands"] if c["commandName"] != "help"]
    for command in commands:
        for argument in arguments(command):
            if "abstract" not in argument:
                raise SystemExit(f"{command['commandName']}: {name_of(argument)} is not explained")
    name = root["commandName"]
    out = [f'.TH {name.upper()} 8 "{date}" "{name} {version}"', ".SH NAME"]
    out += [f"{name} \\- trace Kubernetes Service connections through NAT and overlay, and explain "
            "drops", ".SH SYNOPSIS", ".nh", ".ad l"]
    for command in commands:
        # the default command's name can be left out
        is_default = command["commandName"] == root["defaultSubcommand"]
        verb = f"[{bold(command['commandName'])}]" if is_default else bold(command["commandName"])
        out += [".HP", f"{bold(name)} {verb} {synopsis(command)}".rstrip()]
    out += [".ad b", ".hy", ".SH DESCRIPTION", escape(root["abstract"])]
    out += discussion(root["discussion"], leaving=("EXAMPLES",))
    out += [".SH COMMANDS"]
    for command in commands:
        out += [f".SS {name} {command['commandName']}", escape(command["abstract"])]
        out += discussion(command["discussion"], leaving=("EXIT CODE",))
        out += options(command)
    out += [".SS Every command"]
    out += definitions((("-h, --help", "Show help, as of kflowtrace help COMMAND."),
                        ("--version", "Show the version.")))
    out += [".SH EXIT STATUS"]
    meanings, others = {}, []
    for command in commands:
        for line in command["discussion"].partition("EXIT CODE\n")[2].splitlines():
            for code, text in exit_codes(line):
                meanings.setdefault(int(code), {}).setdefault(text, []).append(command["commandName"])
            if not exit_codes(line):
                others += [".PP", escape(f"{command['commandName']}: {line.strip()}")]
    for code in sorted(meanings):
        out += [".TP", bold(str(code))]
        for text, names in meanings[code].items():
            out += [f"{escape(', '.join(names))}: {escape(text)}", ".br"]
        out.pop()
    out += others
    out += [".SH EXAMPLES"] + discussion(root["discussion"].partition("EXAMPLES\n")[2])[1:]
    out += [".SH ENVIRONMENT"] + definitions(ENVIRONMENT.items())
    out += [".SH FILES"] + definitions(FILES.items())
    out += [".SH SEE ALSO"]
    pages = ("conntrack", "ip\\-netns", "iptables\\-save", "nft", "tc\\-bpf")
    out += [f".BR {other} (8)," for other in pages[:-1]] + [f".BR {pages[-1]} (8)"]
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    sys.stdout.write(page(json.load(sys.stdin)["command"], sys.argv[1], sys.argv[2]))
