# What a captured QEMU could try, one attempt for each argument KIND=WHAT. Prints those that succeed.
use strict;
use Socket;

my ($kill, $ptrace, $seize, $readv, $setns, $mount) = (62, 101, 0x4206, 310, 308, 165);    # x86-64

sub opened {
    my ($mode, $path) = @_;
    open(my $file, $mode, $path) or return;
    return $file;
}

sub connects {
    my ($domain, $address) = @_;
    my $socket;
    return socket($socket, $domain, SOCK_STREAM, 0) && connect($socket, $address);
}

my %attempts = (
    read => sub { my $file = opened('<', $_[0]); $file && ($_[0] =~ /mem$/ || sysread($file, my $byte, 1)) },
    write => sub { opened('+<', $_[0]) },
    make => sub { opened('>', $_[0]) },
    list => sub { opendir(my $folder, $_[0]) or return; grep { !/^\.\.?$/ } readdir $folder },
    signal => sub { syscall($kill, $_[0] + 0, 0) == 0 },
    trace => sub { syscall($ptrace, $seize, $_[0] + 0, 0, 0) == 0 },
    peek => sub {    # Only those who may read are told that the address is wrong.
        my $bytes = "\0" x 8;
        my $own = pack('PQ', $bytes, 8);
        my $foreign = pack('QQ', 0, 8);
        syscall($readv, $_[0] + 0, $own, 1, $foreign, 1, 0) >= 0 || $!{EFAULT};
    },
    unix => sub { connects(PF_UNIX, pack_sockaddr_un($_[0])) },
    abstract => sub { connects(PF_UNIX, pack('S a*', AF_UNIX, "\0$_[0]")) },
    tcp => sub { my ($host, $port) = split /:/, $_[0]; connects(PF_INET, pack_sockaddr_in($port, inet_aton($host))) },
    raw => sub { my $socket; socket($socket, $_[0], SOCK_RAW, $_[0] == PF_INET ? 1 : 0x0300) },
    link => sub { my $links = opened('<', '/proc/self/net/dev'); $links && grep { /^\s*\Q$_[0]\E:/ } <$links> },
    enter => sub { my $namespace = opened('<', $_[0]); $namespace && syscall($setns, fileno($namespace), 0) == 0 },
    mount => sub { my ($type, $at) = ('tmpfs', $_[0]); syscall($mount, $type, $at, $type, 0, 0) == 0 },
);

for my $attempt (@ARGV) {
    my ($kind, $what) = split /=/, $attempt, 2;
    print "$attempt\n" if $attempts{$kind}->($what);
}
