#!/usr/bin/perl
# The HTTP service under test: what Debian's perl-base has is enough. See __init__.py for what it does.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use Time::HiRes qw(time);

my %option = (port => 8080, control => '/run/app/control', name => 'app', app => 'app', version => 'none', @ARGV);
my ($state, $looked) = ({}, 0);
my (%count, @due, %in, %owed, $leaving);
my ($seconds, $answers, $debt) = (0, 0, 0);
my @bounds = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5);
my %within = map { $_ => 0 } @bounds;

$SIG{PIPE} = 'IGNORE';
$SIG{TERM} = sub { $leaving = 1 };

sub control {
    my ($key, $else) = @_;
    if (time - $looked > 0.05) {
        my %read;
        if (open my $file, '<', $option{control}) {
            while (<$file>) { $read{$1} = $2 if /^\s*([\w.+~:-]+)\s*=\s*(\S+)/ }
        }
        ($state, $looked) = (\%read, time);
    }
    return $state->{"$option{version}:$key"} // $state->{$key} // $else;
}

sub metrics {
    my $labels = qq(app="$option{app}",version="$option{version}",instance_name="$option{name}");
    my $text = "# TYPE http_requests_total counter\n";
    $text .= qq(http_requests_total{$labels,code="$_"} $count{$_}\n) for sort keys %count;
    $text .= "# TYPE http_request_duration_seconds histogram\n";
    $text .= qq(http_request_duration_seconds_bucket{$labels,le="$_"} $within{$_}\n) for @bounds;
    $text .= qq(http_request_duration_seconds_bucket{$labels,le="+Inf"} $answers\n);
    $text .= "http_request_duration_seconds_sum{$labels} $seconds\n";
    return $text . "http_request_duration_seconds_count{$labels} $answers\n";
}

sub answered {
    my ($path) = @_;
    return (200, metrics(), 0) if $path eq '/metrics';
    if ($path eq '/healthz') {
        my $well = control('healthy', 'yes') eq 'yes';
        return ($well ? 200 : 503, $well ? "ok\n" : "not well\n", 0);
    }
    my $wait = control('latency_ms', 0) / 1000;
    $debt += control('error_rate', 0);
    my $status = $debt >= 1 ? 500 : 200;
    $debt -= 1 if $debt >= 1;
    $count{$status}++;
    $answers++;
    $seconds += $wait;
    for (@bounds) { $within{$_}++ if $wait <= $_ }
    return ($status, "$option{app} $option{version} on $option{name}\n", $wait);
}

sub let_go {
    my ($client, $select) = @_;
    $select->remove($client);
    delete $in{$client};
    delete $owed{$client};
    close $client;
}

sub asked {
    my ($client, $select) = @_;
    while ($in{$client} =~ s/\A(\w+) (\S+) HTTP\/1\.([01])\r\n(.*?)\r\n\r\n|\A(\w+) (\S+) HTTP\/1\.([01])\r\n\r\n//s) {
        my ($verb, $path, $minor, $head) = ($1 // $5, $2 // $6, $3 // $7, $4 // '');
        my $close = $head =~ /^connection:\s*close/im || ($minor eq '0' && $head !~ /^connection:\s*keep-alive/im);
        my ($status, $body, $wait) = answered($path =~ s/\?.*//sr);
        $owed{$client}++;
        push @due, [time + $wait, $client, $status, $body, $verb eq 'HEAD', $close];
    }
}

sub answer {
    my ($select, $client, $status, $body, $bare, $close) = @_;
    return unless exists $in{$client};
    $close ||= $leaving;
    my $text = "HTTP/1.1 $status x\r\nX-Version: $option{version}\r\nX-Served-By: $option{name}\r\n"
        . "Content-Type: text/plain\r\nContent-Length: " . length($body) . "\r\n"
        . ($close ? "Connection: close\r\n" : '') . "\r\n" . ($bare ? '' : $body);
    syswrite $client, $text;
    $owed{$client}--;
    let_go($client, $select) if $close;
}

die "this version does not start\n" if control('starts', 'yes') ne 'yes';
my $server = IO::Socket::INET->new(LocalPort => $option{port}, Listen => 512, ReuseAddr => 1, Blocking => 0)
    or die "cannot listen on port $option{port}: $!\n";
my $select = IO::Select->new($server);

while (1) {
    if ($leaving && $server) {
        # Who is on the way in is let in: the last answers say that the connection ends.
        while (my $client = $server->accept) { $client->blocking(0); $in{$client} = ''; $select->add($client) }
        $select->remove($server);
        close $server;
        undef $server;
    }
    my $now = time;
    my @ready = sort { $a->[0] <=> $b->[0] } grep { $_->[0] <= $now } @due;
    @due = grep { $_->[0] > $now } @due;
    answer($select, @{$_}[1 .. 5]) for @ready;
    if ($leaving) {
        for my $client ($select->handles) { let_go($client, $select) unless $owed{$client} || length $in{$client} }
        exit 0 unless $select->count;
    }
    my ($soonest) = sort { $a <=> $b } map { $_->[0] } @due;
    my $rest = defined $soonest ? $soonest - $now : 0.2;
    for my $client ($select->can_read($rest < 0 ? 0 : $rest)) {
        if ($server && $client == $server) {
            while (my $new = $server->accept) { $new->blocking(0); $in{$new} = ''; $select->add($new) }
            next;
        }
        my $length = sysread $client, my $bytes, 65536;
        if (!$length) { let_go($client, $select) if defined $length || !$!{EAGAIN}; next }
        $in{$client} .= $bytes;
        asked($client, $select);
    }
}
