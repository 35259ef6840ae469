#!/usr/bin/env python3
"""Tables as programs, countries and devices write them, and what pandas reads in them: tests/series/tables.json.

    python3 -m venv v && v/bin/pip install pandas && v/bin/python tools/make_table_fixtures.py

Each row: a name, an extension, the file, a selection, and either how a person would tell pandas to read the file with
the columns that are channels, whose values are then pandas' own, or the sentence's part that refuses it. Bytes are
written as the characters U+0000 to U+00FF."""
import io
import json
import pathlib

import pandas as pd

READ = [
    # decimal marks, groups of digits, delimiters
    ("German Excel", ".csv", "Zeit;Wert\r\n01.02.2020;1.234,5\r\n02.02.2020;-2.345,25\r\n", "",
     dict(sep=";", decimal=",", thousands="."), ["Wert"]),
    ("German Excel, small numbers", ".csv", "Zeit;Wert\n1;0,5\n2;12,25\n", "", dict(sep=";", decimal=","), ["Wert"]),
    ("a byte order mark", ".csv", b"\xef\xbb\xbfdate;load\n2020-01-01;1,5\n2020-01-02;2,5\n", "",
     dict(sep=";", decimal=",", encoding="utf-8-sig"), ["load"]),
    ("Excel's Unicode text", ".txt", "t\tv\r\n1\t2,5\r\n2\t3,5\r\n".encode("utf-16"), "",
     dict(sep="\t", decimal=",", encoding="utf-16"), ["v"]),
    ("UTF-16, high byte first", ".csv", b"\xfe\xff" + "t,t\u00e4\n1,2\n2,4\n".encode("utf-16-be"), "",
     dict(encoding="utf-16"), ["t\u00e4"]),
    ("Excel's sep=;", ".csv", "sep=;\r\nt;v\r\n1;2,5\r\n2;3,5\r\n", "", dict(sep=";", decimal=",", skiprows=1), ["v"]),
    ("Excel's sep=, in quotes", ".csv", '"sep=,"\nt,v\n1,2\n2,4\n', "", dict(skiprows=1), ["v"]),
    ("everything in quotes", ".csv", '"t","v"\n"1","2.5"\n"2","3.5"\n', "", dict(), ["v"]),
    ("decimal commas in quotes", ".csv", '"t","v"\n"1","2,5"\n"2","3,25"\n', "", dict(decimal=","), ["v"]),
    ("exponents with decimal commas", ".csv", "t;v\n1;1,5e-3\n2;-2,5E+3\n", "", dict(sep=";", decimal=","), ["v"]),
    ("a delimiter ends every row", ".csv", "t;v;\n1;2,5;\n2;3,5;\n", "", dict(sep=";", decimal=","), ["v"]),
    ("a delimiter ends every row but the header", ".csv", "t;v\n1;2,5;\n2;3,5;\n", "",
     dict(sep=";", decimal=",", index_col=False), ["v"]),
    ("empty columns at the end", ".csv", "t,v,,\n1,2,,\n2,3,,\n", "", dict(), ["v"]),
    ("US thousands", ".csv", 'd,v\n2020-01-01,"1,234.5"\n2020-01-02,"12,345"\n', "", dict(thousands=","), ["v"]),
    ("points group where commas say so", ".csv", "d;v;w\n2020-01-01;1.234;0,5\n2020-01-02;12.345;0,7\n", "",
     dict(sep=";", decimal=",", thousands="."), ["v", "w"]),
    ("Swiss thousands", ".csv", "t,v\n1,1'234.5\n2,12'345'678\n3,7\n", "", dict(thousands="'"), ["v"]),
    ("Swiss thousands with decimal commas", ".csv", "t;v\n1;1\u2019234,5\n2;-2\u2019345,25\n".encode(), "",
     dict(sep=";", decimal=",", thousands="\u2019", engine="python"), ["v"]),
    ("no-break spaces in thousands", ".csv", "t;v\n1;1\u00a0234,5\n2;-2\u00a0345,5\n", "",
     dict(sep=";", decimal=",", thousands="\u00a0", engine="python"), ["v"]),
    ("no-break spaces in Latin-1", ".csv", "t;v\n1;1\u00a0234,5\n2;22\u00a0345\n".encode("latin-1"), "",
     dict(sep=";", decimal=",", thousands="\u00a0", engine="python", encoding="latin-1"), ["v"]),
    ("narrow no-break spaces", ".csv", "t,v\n1,1\u202f234.5\n2,2\u202f345\u202f678\n", "",
     dict(thousands="\u202f", engine="python"), ["v"]),
    ("no digit before the decimal comma", ".csv", "t;v\n0;,5\n1;-,25\n", "", dict(sep=";", decimal=","), ["v"]),
    ("blanks inside quotes", ".csv", 't,v\n0," 1.5"\n1,"  -2"\n', "", dict(), ["v"]),
    ("apostrophes for quotes", ".csv", "'sample #','MLII','V5'\n0,995,1011\n1,996,1010\n", "",
     dict(quotechar="'"), ["MLII", "V5"]),
    ("a row of units in brackets", ".csv", "time,force,\n(s),[N],\n0,1.5,\n0.1,2.5,\n", "", dict(skiprows=[1]),
     ["force"]),
    ("pipes", ".csv", "t|v\n0|1\n1|2\n", "", dict(sep="|"), ["v"]),
    ("blanks that align", ".txt", "   t      v\n 0.0   1.5\n 0.1  -2.5\n", "", dict(sep=r"\s+"), ["v"]),
    ("a blank behind the comma", ".csv", "t, v\n0, 1\n1, 2\n", "", dict(skipinitialspace=True), ["v"]),
    ("three kinds of line ends", ".csv", "t,v\r\n0,1\n1,2\r2,4\r\n", "", dict(), ["v"]),
    ("signs", ".csv", "v\n+1.5\n-2.5\n", "", dict(), ["v"]),
    # headers
    ("comments of a device", ".csv", "# device 7\n# units: mV, s\nt,v\n0,1\n1,2\n", "", dict(comment="#"), ["v"]),
    ("numpy's header", ".txt", "# t v\n0 1.5\n1 2.5\n", "#v", dict(sep=" ", skiprows=1, names=["t", "v"]), ["v"]),
    ("numpy's header with commas", ".csv", "# t,v\n0,1.5\n1,2.5\n", "", dict(skiprows=1, names=["t", "v"]), ["v"]),
    ("numpy without a header", ".txt", "0.000000000000000000e+00 1.5e+00\n1.000000000000000000e+00 2.5e+00\n", "#2",
     dict(sep=" ", header=None, names=["1", "2"]), ["2"]),
    ("a comment in MATLAB's way", ".csv", "% saved by hand\nt,v\n0,1\n1,2\n", "", dict(comment="%"), ["v"]),
    ("equal names", ".csv", "t,v,v\n1,2,3\n2,4,5\n", "", dict(), ["v", "v.1"]),
    ("R's write.csv", ".csv", '"","x","y"\n"1",0.1,NA\n"2",0.2,3\n', "#x", dict(index_col=0), ["x"]),
    ("R's write.csv2", ".csv", '"";"x";"y"\n"1";0,1;7\n"2";0,2;3\n', "", dict(sep=";", decimal=",", index_col=0),
     ["x", "y"]),
    ("R's write.table", ".txt", '"x" "y"\n"a" 0.1 1\n"b" 0.2 3\n', "", dict(sep=" "), ["x", "y"]),
    ("R's row names in quotes", ".csv", '"x","y"\n"1",1,6\n"2",2,7\n', "", dict(), ["x", "y"]),
    ("times with units", ".csv", "Time (sec),t_ms,elapsed in s,v\n0,0,0,5\n1,1000,1,6\n", "", dict(), ["v"]),
    ("times of telephones", ".csv", "time,seconds_elapsed,z\n1577836800000000000,0.1,1.5\n1577836800010000000,0.2,1.6"
     "\n", "", dict(), ["z"]),
    ("times of a chest strap", ".txt", "Phone timestamp;sensor timestamp [ns];timestamp [ms];ecg [uV]\n"
     "2020-01-01T00:00:00.1;599616000000000;0.0;-12\n2020-01-01T00:00:00.2;599616007692307;7.7;15\n", "",
     dict(sep=";"), ["ecg [uV]"]),
    ("leads that rise", ".csv", "I,II\n0.1,5\n0.2,4\n", "", dict(), ["I", "II"]),
    ("a trader's file", ".csv", "<DATE>\t<TIME>\t<OPEN>\n2020.01.02\t00:00:00\t1.5\n2020.01.02\t00:01:00\t1.6\n", "",
     dict(sep="\t"), ["<OPEN>"]),
    ("pandas' index", ".csv", ",a,b\n0,1.0,\n1,2.0,3.0\n", "#a", dict(index_col=0), ["a"]),
    ("pandas' dates", ".csv", ",a\n2020-01-01,1.0\n2020-01-02,2.0\n", "", dict(index_col=0), ["a"]),
    ("latin-1 in a name", ".csv", b"t;Temp \xb0C\n0;1,5\n1;2,5\n", "#2", # t counts after channels: 1 Temp, 2 t
     dict(sep=";", decimal=",", encoding="latin-1"), ["t"]),
    # times, words, missing values
    ("dates d/m/y", ".csv", "date,v\n31/12/2020,1\n01/01/2021,2\n", "", dict(), ["v"]),
    ("AM and PM", ".csv", "date,v\n12/31/2020 1:00 PM,1\n1/1/2021 2:00 AM,2\n", "", dict(), ["v"]),
    ("time zones", ".csv", "when,v\n2020-01-01T00:00:00+01:00,1\n2020-01-01T01:00:00.5Z,2\n", "", dict(), ["v"]),
    ("a zone's name", ".csv", "when,v\n2020-01-01 00:00:00 UTC,1\n2020-01-01 01:00:00 UTC,2\n", "", dict(), ["v"]),
    ("dates without marks", ".csv", "d,v\n20200101T000000Z,1\n20200101T010000Z,2\n", "", dict(), ["v"]),
    ("dates of a device", ".csv", "d,v\n20200101_000000,1\n20200101_010000,2\n", "", dict(), ["v"]),
    ("months in German", ".csv", "d;v\n1. M\u00e4rz 2020;1\n2. Mai 2020;2\n", "", dict(sep=";"), ["v"]),
    ("a comma before milliseconds", ".csv", 'd,v\n"2020-01-01 00:00:01,500",1\n"2020-01-01 00:00:02,500",2\n', "",
     dict(), ["v"]),
    ("pandas' time deltas", ".csv", "d,v\n0 days 00:00:01,1\n0 days 00:00:02,2\n", "", dict(), ["v"]),
    ("a zone in brackets", ".csv", "d,v\n2020-01-01T00:00+01:00[Europe/Berlin],1\n2020-01-01T01:00+01:00[Etc/UTC],2\n",
     "", dict(), ["v"]),
    ("midnight at the day's end", ".csv", "d,v\n2020-01-01 23:00,1\n2020-01-01 24:00,2\n", "", dict(), ["v"]),
    ("month and year", ".csv", "month,sales\nJan-20,5\nFeb-20,6\n", "", dict(), ["sales"]),
    ("times of day", ".csv", "time,v\n00:00,1\n00:01,2\n", "", dict(), ["v"]),
    ("epochs in ms", ".csv", "timestamp,v\n1577836800000,1\n1577836860000,2\n", "", dict(), ["v"]),
    ("booleans beside numbers", ".csv", "t,v,on\n1,2,true\n2,3,false\n", "", dict(), ["v"]),
    ("a line end in quotes", ".csv", 't,note,v\n0,"a\nb",1\n1,c,2\n', "", dict(), ["v"]),
    ("missing at the other end of the file", ".csv", "t,v\n0,1\n1,2\n2,\n", "#v[:2]", dict(nrows=2), ["v"]),
]
REFUSED = [
    ("a footer", ".csv", "month,v\nJan,1\nFeb,2\nTotal,3\n", "", 'line 4: "Total" begins the last row'),
    ("a footer under numbers", ".csv", "t,v\n1,10\n2,20\nTotal,30\n", "", 'line 4: "Total" begins the last row'),
    ("a footer beside the channel asked for", ".csv", "Split,Distance,HR\n1,1.0,150\n2,1.0,155\nSummary,2.0,152\n",
     "#HR", 'line 4: "Summary" begins the last row'),
    ("a footer under dates", ".csv", "date,v\n2020-01-01,1\n2020-01-02,2\n2020-01-03,3\nStd,0.7\n", "",
     'line 5: "Std" begins the last row'),
    ("a sum without a word", ".csv", "date,v\n2020-01-01,1\n2020-01-02,2\n,3\n", "",
     "line 4: the last row begins with nothing"),
    ("a sum without a word under numbers", ".csv", "t,v\n1,1\n2,2\n,3\n", "#v",
     "line 4: the last row begins with nothing"),
    ("decimal commas that delimit", ".csv", "date,load\n2020-01-01,1,5\n2020-01-02,2,5\n", "",
     "line 2 has 3 cells, but the first row has 2 (commas delimit them)"),
    ("decimal commas that delimit, numbers in front", ".csv", "t,v\n0,1,5\n1,2,5\n", "",
     "line 2 has 3 cells, but the first row has 2 (commas delimit them)"),
    ("no value but the index", ".csv", "t,v\n0,NA\n1,NA\n", "", "column 2 (v) has no value"),
    ("a title before the header", ".csv", "My great data\nt,v\n0,1\n", "", "(blanks delimit them)"),
    ("a footer of one cell", ".csv", "t,v\n1,10\n2,20\nSource: us\n", "",
     "line 4 has 1 cells, but the first row has 2"),
    ("a comment among rows", ".csv", "t,v\n0,1\n# restart\n1,2\n", "", "line 3 has 1 cells, but the first row has 2"),
    ("a row of units", ".csv", "time,force\ns,N\n0,1.5\n0.1,2.5\n", "#force", 'line 2: column 1 (time): "s"'),
    ("two rows of names", ".csv", ",a,a\n,x,y\n0,1,2\n1,3,4\n", "", 'line 2: column 2 (a): "x"'),
    ("lines before the header", ".csv", "Device: X\nSerial: 5\n\nt,v\n0,1\n1,2\n", "", "line 4 has"),
    ("cells before the header", ".csv", "Device,X,\nSerial,5,\nt,v,w\n0,1,2\n1,2,3\n", "", 'line 2: column 1 (Device)'),
    ("apostrophes not in threes", ".csv", "t,v\n1,1'234.5\n2,2'34\n", "", 'line 3: column 2 (v): "2\'34"'),
    ("units above no numbers", ".csv", "1,2\n(s),(V)\n0,1.5\n", "", "line 2 has units"),
    ("blanks in thousands", ".csv", "t;v\n1;1 234,5\n2;2 345,5\n", "", 'line 2: column 2 (v): "1 234,5"'),
    ("India's thousands", ".csv", 'd,v\n1,"1,23,456.5"\n2,"2,34,567.5"\n', "", 'line 2: column 2 (v): "1,23,456.5"'),
    ("US thousands that may be decimals", ".csv", 'd,v\n1,"1,234"\n2,"12,345"\n', "", 'line 2: column 2 (v): "1,234"'),
    ("thousands that may be thousandths", ".csv", "d;v\n1;999\n2;1.005\n", "", 'line 3: column 2 (v): "1.005"'),
    ("hexadecimal", ".csv", "t,v\n1,0x1F\n2,0x20\n", "", 'line 2: column 2 (v): "0x1F"'),
    ("booleans", ".csv", "t,on\n1,TRUE\n2,FALSE\n", "", 'column 2 (on) holds words (line 2: "TRUE")'),
    ("dollars", ".csv", "d,v\n2020-01-01,$1.50\n2020-01-02,$2.50\n", "", 'line 2: column 2 (v): "$1.50"'),
    ("euros", ".csv", "d;v\n2020-01-01;1,50 \u20ac\n2020-01-02;2,50 \u20ac\n", "", "line 2: column 2 (v)"),
    ("a typographic minus", ".csv", "d,v\n1,\u22125\n2,3\n", "", "line 2: column 2 (v)"),
    ("a bookkeeper's minus", ".csv", "d,v\n1,(5)\n2,3\n", "", 'line 2: column 2 (v): "(5)"'),
    ("a spreadsheet's error", ".csv", "t,v\n0,1\n1,#DIV/0!\n2,3\n", "", 'line 3: column 2 (v): "#DIV/0!"'),
    ("a column too narrow", ".csv", "t,v\n0,1\n1,####\n2,3\n", "", 'line 3: column 2 (v): "####"'),
    ("Fortran's exponents", ".txt", "1.5D+00\n2.5D+00\n", "", 'line 1: column 1: "1.5D+00"'),
    ("infinity", ".csv", "t,v\n0,1\n1,-Infinity\n", "", 'line 3: column 2 (v): "-Infinity"'),
    ("a short row", ".csv", "t,v,w\n0,1,2\n1,2\n", "", "line 3 has 2 cells, but the first row has 3"),
    ("a row of empty cells", ".csv", "t,v\n0,1\n,\n1,2\n", "#v", "value 2 of 3 is missing"),
    ("an unknown delimiter", ".csv", "sep=!\nt!v\n1!2\n", "", "line 1: the delimiter '!' is not one of"),
    ("a Parquet file", ".parquet", b"PAR1\x15\x04\x15\x10PAR1", "",
     "is a Parquet file, which is not read: save it as CSV"),
    ("a spreadsheet called .csv", ".csv", b"PK\x03\x04\x14\x00t,v\n", "", "is a zip archive, as spreadsheets"),
    ("a web page", ".csv", "\n<!DOCTYPE html>\n<html></html>\n", "", "is no table but a web page"),
    ("an ARFF file", ".arff", "% iris\n@RELATION iris\n@ATTRIBUTE a NUMERIC\n@DATA\n1\n", "",
     "is no table but an ARFF file"),
    ("JSON by another name", ".txt", '{"v": [1, 2, 3]}\n', "", "is no table but JSON: its name must end in"),
    ("a pointer of Git LFS", ".csv", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12\n", "",
     "is no table but what Git LFS has"),
    ("a pickle", ".csv", b"\x80\x04\x95abc", "", "is a Python pickle, which is not read"),
    ("half a UTF-16 file", ".csv", b"\xff\xfet\0,\0v\0\n", "", "begins as UTF-16 and is none throughout"),
    ("a broken surrogate", ".csv", b"\xff\xfe\0\xd8,\0", "", "begins as UTF-16 and is none throughout"),
]


def as_bytes(text):
    return text if isinstance(text, bytes) else text.encode("utf-8")


def main():
    rows = []
    for name, extension, text, selection, how, channels in READ:
        frame = pd.read_csv(io.BytesIO(as_bytes(text)), **how)
        values = [[float(v) for v in frame[c]] for c in channels]
        rows.append({"name": name, "extension": extension, "bytes": as_bytes(text).decode("latin-1"),
                     "selection": selection, "values": values})
    for name, extension, text, selection, part in REFUSED:
        rows.append({"name": name, "extension": extension, "bytes": as_bytes(text).decode("latin-1"),
                     "selection": selection, "refused": part})
    out = pathlib.Path(__file__).resolve().parent.parent / "tests/series/tables.json"
    out.write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
    print(out, len(READ), "read", len(REFUSED), "refused")


if __name__ == "__main__":
    main()
