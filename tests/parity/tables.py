"""The cases of test_tables.py: shell scripts by name. Lines that try what must differ have no place here."""

CASES = {}

CASES["make and ask"] = r"""
printf 'key     value\nUpper   Case Value\n# comment\n\n  continued\ntwo  words here   \n"a b" quoted\n"a \\"b" q2\n' > t
for type in hash btree lmdb cdb; do
    try postmap $type:t
    for key in key UPPER upper two '"a b"' 'a b' absent Key; do try postmap -q "$key" $type:t; done
    try postmap -fq UPPER $type:t
    postmap -s $type:t | sort; facts t.*
    other postmap -q two $type:t; other postmap -s $type:t | sort; rm t.*
    other postmap $type:t; try postmap -q UPPER $type:t; postmap -s $type:t | sort
    rm t.*
done
"""

CASES["bad lines"] = r"""
printf ' leading blank\nkey\nkey: value\n"open value\nnosep\nbad\\\n"" empty\nb\\ c d\n\xff\xfe latin\nk \xe9\nkey other\n\\  x\n"a"b c\n' > t
try postmap hash:t
postmap -s hash:t | sort
try postmap -u hash:t
postmap -us hash:t | sort
try postmap -w hash:t
try postmap -r hash:t; postmap -s hash:t | sort
touch -d '1 hour ago' t; try postmap -q key texthash:t
try postmap -q $'\xff' hash:t
try postmap -uq $'\xff\xfe' hash:t
"""

CASES["duplicates"] = r"""
printf 'a 1\nA 2\na 3\nb 4\n' > t
for type in hash btree lmdb cdb; do
    try postmap $type:t; postmap -s $type:t | sort
    try postmap -r $type:t; postmap -s $type:t | sort
    try postmap -w $type:t; postmap -s $type:t | sort
    try postmap -rw $type:t; postmap -s $type:t | sort
    try postmap -wr $type:t; postmap -s $type:t | sort
    try postmap -f $type:t; postmap -s $type:t | sort
    rm t.*
done
touch -d '1 hour ago' t
try postmap -q a texthash:t
try postmap -wq a texthash:t
try postmap -rq a texthash:t
"""

CASES["more entries"] = r"""
printf 'a 1\nb 2\n' > t
for type in hash btree lmdb cdb; do
    try postmap $type:t
    printf 'c 3\na 9\nbad\n' | try postmap -i $type:t; postmap -s $type:t | sort
    printf 'c 4\n' | try postmap -ir $type:t; postmap -s $type:t | sort
    printf 'c 5\n' | try postmap -iw $type:t; postmap -s $type:t | sort
    try postmap -d a $type:t; try postmap -d a $type:t
    printf 'b\nx\nc\n' | try postmap -d - $type:t
    printf 'x\n' | try postmap -d - $type:t
    postmap -s $type:t | sort
    rm -f t.*
    printf 'new 3\n' | try postmap -i $type:t; facts t.*; postmap -s $type:t
    rm -f t.*
done
try postmap -d x regexp:t
try postmap -d x texthash:t
try postmap -d x hash:none
try postmap -d x static:none
"""

CASES["with NUL, without"] = r"""
printf 'a 1\nb 2\n' > t
for type in hash btree lmdb cdb; do
    for how in "" -n -N -nN -Nn; do
        try postmap $how $type:t
        for asked in "" -n -N; do try postmap $asked -q a $type:t; try postmap $asked -d nope $type:t; done
        try postmap -s $type:t
        printf 'c 3\n' | try postmap -i $type:t
        other postmap -q c $type:t
        rm -f t.*
    done
done
"""

CASES["many keys"] = r"""
printf 'a 1\nb 2\n' > t; printf 'b 7\nc 8\n' > u; postmap hash:t hash:u
printf 'a\nb\nc\nd\n\nA' | try postmap -q - hash:t hash:u
printf 'd\n' | try postmap -q - hash:t hash:u
try postmap -q c hash:t u
try postmap -q b u t
try postmap -d b hash:t hash:u
try postmap -s hash:t hash:u
try postmap -q c hash:t hash:missing
try postmap -q a hash:t hash:missing
"""

CASES["options that exclude each other"] = r"""
printf 'a 1\n' > t; postmap t
try postmap -q a -d a t
try postmap -s -q a t
try postmap -d a -s t
try postmap -q a -q b t
try postmap -b t
try postmap -bq a t
try postmap -hq a t
try postmap -mq a t
try postmap -bs t
try postmap -iq a t
try postmap
try postmap -q a
try postmap -Z t
try postmap -q
try postmap -Uq a t
try postmap -q a nosuch:t
try postmap nosuch:t
try postmap regexp:t
try postmap -c /nonexistent -q a t
try postmap hash:missing
try postmap hash:
try postmap :t
try postmap -q a :t
try postmap -q a hash:
try postmap -s regexp:t
try postmap -s static:x
try postmap -s inline:{a=b}
try postmap fail:t
try postmap -q x fail:t
try postmap -d x fail:t
try postmap -s fail:t
printf 'x y\n' | try postmap -i fail:t
"""

CASES["aliases, options"] = r"""
printf 'a: 1\n' > t; postalias t
try postalias -q a -d a t
try postalias -s -q a t
try postalias
try postalias -Z t
try postalias -b t
try postalias -q
try postalias nosuch:t
try postalias regexp:t
try postalias hash:missing
try postalias -q a hash:missing
try postalias -q a t
try postalias -q A t
try postalias -fq A t
try postalias -q b t
try postalias -d a t
try postalias -d a t
printf 'a\nb\n@\n' | try postalias -q - t
printf 'new: x\n' | try postalias -i t; postalias -s t | sort
printf 'new: y\n' | try postalias -i t; postalias -s t | sort
printf 'new: y\n' | try postalias -ir t; postalias -s t | sort
printf 'new: z\n' | try postalias -iw t; postalias -s t | sort
try sendmail -I
printf 'root: me\n' > aliases; try sendmail -I; postalias -s aliases | sort
"""

CASES["aliases, lines"] = r"""
cat > t <<'END'
root: postmaster
Upper: Some.One@Example.COM
list: a, b,c@d.example,
  d, "quoted one"@x.example, e@f.example (comment)
cmd: "|/bin/cat -a 'b c'"
file: /var/mail/x
incl: :include:/some/file
empty:
nocolon
@domain: x
user@dom: x
a.b: c
two words: x
group: friends: a, b;
angle: Some Body <some@body.example>
quoted: "a\"b"@x, "c\\d"
root: again
#not: x
(comment) c: d
x : y
colon::
tab:	z	
utf: m\xe9
END
for type in hash btree lmdb cdb; do
    try postalias $type:t; postalias -s $type:t | sort; other postalias -q root $type:t; facts t.*
    try postalias -n $type:t; postalias -s $type:t | sort
    rm t.*
done
printf 'm\xe9: x\ny: \xe9\n' > u; try postalias u; postalias -s u | sort; try postalias -u u; postalias -us u | sort
printf '  x: y\n"open: z\n(open: z\na: (open\nb: "open\nc: <d\ne: f>\n:\n: g\nh:,\n' > u; try postalias u; postalias -s u | sort
"""

CASES["whose file"] = r"""
printf 'a 1\n' > t; chown nobody:nogroup t
chmod 777 .
for type in hash btree lmdb cdb; do
    for mode in 600 640 644 664 666; do
        chmod $mode t; try postmap $type:t; facts t.*; rm t.*
        try postmap -p $type:t; facts t.*; rm t.*
        try postmap -o $type:t; facts t.*; rm t.*
    done
    chmod 600 t; postmap $type:t; chmod 644 t; try postmap $type:t; facts t.*; rm t.*
    printf 'x y\n' | try postmap -i $type:t; facts t.*; rm -f t.*
done
chmod 755 .
try postmap hash:t
try postmap cdb:t
try postmap lmdb:t
ls
chmod 0 t; as_nobody postmap hash:t
chown root t; as_nobody postmap hash:t
as_nobody postmap -q a hash:t
"""

CASES["files that are not tables"] = r"""
printf 'this is not a database\n' > bad.db; cp bad.db bad.lmdb; cp bad.db bad.cdb; : > empty.db; : > empty.lmdb; : > empty.cdb; mkdir dir.cdb dir.lmdb
for type in hash btree lmdb cdb; do
    for name in bad empty missing; do try postmap -q a $type:$name; try postmap -s $type:$name; done
done
printf 'a 1\n' > t; postmap hash:t; { try postmap -q a btree:t; try postmap btree:t; } 2>&1 | grep -v BDB  # of the library, with addresses in memory
"""

CASES["older than its source"] = r"""
printf 'a 1\n' > t; for type in hash btree lmdb cdb; do
    postmap $type:t; touch -d '1 hour ago' t; touch -d '2 hours ago' t.*; try postmap -q a $type:t; try postmap -d b $type:t; try postmap -s $type:t; rm t.*
    postmap $type:t; touch -d '50 seconds ago' t; touch -d '2 hours ago' t.*; try postmap -q a $type:t; rm t.*
done
"""

CASES["values that are files"] = r"""
printf 'content of a\n' > a; printf 'b without newline' > b; : > none
printf 'k a\ntwo a, b\nthree b a\nmissing nofile\nempty none\n' > t
for type in hash lmdb cdb; do
    try postmap -F $type:t; postmap -s $type:t | sort; try postmap -Fq k $type:t; try postmap -Fq two $type:t; try postmap -Fq three $type:t
    [ $type = cdb ] || try postmap -Fq empty $type:t  # there the reference dies
    rm t.*
done
try postmap -Fs hash:t
postmap -F hash:t; postmap -Fs hash:t | sort
printf 'k not!base64\n' > u; postmap u; try postmap -Fq k u; try postmap -Fs u
try postmap -Fq x static:a
try postmap -Fq x inline:{x=a}
touch -d '1 hour ago' t; try postmap -Fq k texthash:t
try postmap -Fq k regexp:{{/k/ a}}
try postmap -Fq k pcre:{{/k/ a}}
for key in a 1.2.3.4; do for table in 'inline:{a=nofile,x=a}' 'inline:{a=a}' 'regexp:{{/a/ nofile}}' 'pcre:{{/a/ nofile},{/a/ a}}' 'cidr:{{1.2.3.4 nofile},{1.2.3.4 a}}' 'cidr:{{1.2.3.0/24 a}}'; do
    try postmap -Fq $key "$table"
done; done
"""

CASES["message keys"] = r"""
printf '/./ OK\n' > r
cat > m <<'END'
From: a@b
Subject: folded
 line
Content-Type: multipart/mixed; boundary=x

preamble
--x
Content-Type: text/plain

body one
--x
Content-Type: message/rfc822

Subject: inner

inner body
--x--
end
END
for how in -b -h -bh -bm -hm -bhm; do try postmap $how -q - regexp:r < m; done
printf 'Sub\xe9: x\n\nb\xe9\n' | try postmap -bh -q - regexp:r
printf 'Sub\xe9: x\n\nb\xe9\n' | try postmap -Ubh -q - regexp:r
printf 'no header\nb\n' | try postmap -h -q - regexp:r
printf 'no header\nb\n' | try postmap -b -q - regexp:r
printf '' | try postmap -b -q - regexp:r
"""

CASES["regular expressions"] = r"""
cat > r <<'END'
/^one$/ first
/^ONE2$/i sensitive
!/x/ has no x
/(a)(b)?c/ $1-$2-${1}$(2)-$$
/^both/!/not$/ both
if /^if/
/inner$/ inner of if
if !/deep/
/./ not deep
endif
/deep/ deep
endif
if !/zzz/
/^yx/ yx
endif
/no result/
/bad/q x
/unclosed
x y
/(/ x
/a/ $3
/a/ $0
/a/ $x
/a/ ${1
!/a/ $1
endif
endif extra
if /a/ extra
/x$/ last
if
/x/
END
for type in regexp pcre; do
    for key in one ONE one2 abc ac xabcx 'both x' 'both x not' 'if x inner' 'if deep x' 'if x' yx xx x; do try postmap -q "$key" $type:r; done
done
"""

CASES["regular expressions in line"] = r"""
for type in regexp pcre; do
    try postmap -q abc "$type:{{/^a(.)c/ <\$1>}, {/x/ y}}"
    try postmap -q x "$type:{{/^a(.)c/ <\$1>}, {/x/ y}}"
    try postmap -q x "$type:{{if /x/}, {/x/ y}, {endif}}"
    try postmap -q x "$type:{/x/ y}"
    try postmap -q x "$type:{{/x/ y}"
    try postmap -q x "$type:{{/x/ y} z}"
    try postmap -q x "$type:{}"
    try postmap -q x "$type:{{}}"
    try postmap -q x "$type:{ {/y/ z} , , {/x/ {y}} }"
    try postmap -q x "$type:missing"
    try postmap -s "$type:{{/x/ y}}"
done
try postmap -q 10.1.2.3 "cidr:{{10.0.0.0/8 ten}, {0.0.0.0/0 all}}"
try postmap -q 11.1.2.3 "cidr:{{10.0.0.0/8 ten}, {0.0.0.0/0 all}}"
try postmap -q 11.1.2.3 "cidr:{{10.0.0.0/8 ten}"
try postmap -q 11.1.2.3 "cidr:{}"
"""

CASES["pcre, what Perl has"] = r"""
printf '/^(x+x+)+y/s x\n/(?P<n>a)b\\K/x q\n/[/ x\n/a{99999}/ x\n/\\p{Greek}/ g\n' > r
try postmap -q ab pcre:r
try postmap -q abc pcre:r
try postmap -q $'\xce\xb1' pcre:r
try postmap -q É 'pcre:{{/^é$/ folded}, {/^.$/ one character}, {/^..$/ two}}'
try postmap -q É 'regexp:{{/^é$/ folded}, {/^.$/ one character}, {/^..$/ two}}'
"""

CASES["not to be changed"] = r"""
for table in regexp:r pcre:r cidr:r static:x inline:{a=b} environ:x unix:passwd.byname pipemap:{static:x} unionmap:{static:x} randmap:{x} \
    tcp:127.0.0.1:1 socketmap:inet:127.0.0.1:1:x internal:x texthash:r nis:x; do
    try postmap -d a $table
done
"""

CASES["networks"] = r"""
cat > c <<'END'
192.0.2.0/24 doc
192.0.2.1 never
!10.0.0.0/8 not ten
10.1.2.3/16 host bits
10.1.0.0/33 long
10.1.0.0/x mask
10.1.0 short
300.1.1.1 big
2001:db8::/32 six
[2001:db9::]/32 brackets
[2001:dba::1] one
[2001:dbb:: x
[2001:dbb::]x y
if 10.2.0.0/16
10.2.3.0/24 inner
endif
if !10.3.0.0/16
10.3.1.1 never
10.4.1.1 four
endif
nothing
10.5.0.0/16
endif
010.1.1.1 octal
if 10.9.0.0/16
10.9.1.0/24 unclosed
END
for key in 192.0.2.1 192.0.3.1 10.1.2.3 10.2.3.4 10.2.4.4 10.3.1.1 10.4.1.1 10.9.1.1 2001:db8::1 2001:DB9::1 2001:dba::1 '[2001:dba::1]' ::ffff:192.0.2.1 nonsense 1.2.3 8.1.1.1; do
    try postmap -q "$key" cidr:c
done
"""

CASES["combined"] = r"""
printf 'a b\n' > t; printf 'b c\na d\n' > u; postmap t u
for table in "pipemap:{hash:t,hash:u}" "unionmap:{hash:t,hash:u}" "randmap:{x}" "unionmap:{static:x,fail:y}" "pipemap:{fail:y,static:x}" \
    "unionmap:{hash:t, static:{a b}}" "pipemap:{}" "unionmap:{}" "randmap:{}" "pipemap:hash:t" "unionmap:x" "randmap:x" "pipemap:{hash:t" \
    "static:x" "static:{a b}" "static:{a b" "static:" "inline:{a=b,c=d}" "inline:{ a = b, { c = d e } }" "inline:{}" "inline:a=b" "inline:{a}" \
    "inline:{a=b" "inline:{a=}" "inline:{ {a = b} x }" "environ:x" "internal:x" \
    "unix:passwd.byname" "unix:x" "fail:x" "texthash:t" "texthash:missing" "unionmap:{regexp:{{/a/ b}},hash:t}" "pipemap:{nosuch:x}" \
    "inline:{A=b}" "inline:{a=1,a=2}" "pipemap:{static:q,inline:{q=r}}" "unionmap:{inline:{z=1},inline:{y=1}}"; do
    echo "$table"; try postmap -q a "$table"
done
try postmap -q root unix:passwd.byname
try postmap -q ROOT unix:passwd.byname
try postmap -q root unix:group.byname
try postmap -q HOME environ:x
A=1 try postmap -q A environ:x
A=1 try postmap -fq A environ:x
a=1 try postmap -fq a environ:x
postmap -s "inline:{b=1,a=2}" | sort
try postmap -s texthash:t
try postmap -s environ:x
try postmap -s unionmap:{static:x}
try postmap -d a "internal:x"
printf 'empty\n' > e; printf '/e/\n' > r; try postmap -q e regexp:r; printf 'e\n' | try postmap -q - regexp:r
"""
