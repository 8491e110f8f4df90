// For the profile newest-jdk: finds the newest JDK installed under the usual places and sets
// newest.jdk.java (its java executable) and newest.jdk.skip (true if it is not newer than the JDK
// that runs Maven).
def roots = ['/usr/lib/jvm', '/usr/java', '/opt/java', '/Library/Java/JavaVirtualMachines',
             "${System.getProperty('user.home')}/.sdkman/candidates/java",
             "${System.getProperty('user.home')}/.jdks", 'C:/Program Files/Java',
             'C:/Program Files/Eclipse Adoptium']

def feature = { File home ->
    def release = new File(home, 'release')
    if (!release.file || !new File(home, 'bin').directory) return 0
    def match = release.text =~ /(?m)^JAVA_VERSION="(\d+)/
    match ? match[0][1] as int : 0
}

def homes = roots.collect { new File(it) }
    .findAll { it.directory }
    .collectMany { it.listFiles().toList() }
    .collect { new File(it, 'Contents/Home').directory ? new File(it, 'Contents/Home') : it }
def newest = homes.max { feature(it) }
def running = Runtime.version().feature()
def version = newest == null ? 0 : feature(newest)

def skip = version <= running
project.properties['newest.jdk.skip'] = skip as String
project.properties['newest.jdk.java'] = skip ? 'java' : new File(newest, 'bin/java').path
log.info(skip ? "no JDK newer than ${running}: no test runs" : "tests run on JDK ${version}")
