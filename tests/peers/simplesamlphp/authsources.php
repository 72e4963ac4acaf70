<?php
// Each person's password is the user name and "-pw"; ghost is nobody at the portal.
$people = [];
foreach (['ada', 'bob', 'ghost'] as $name) {
    $people["$name:$name-pw"] = [
        'uid' => [$name],
        'mail' => ["$name@example.com"],
        'urn:example:number' => ["n-$name"],
    ];
}
$config = ['admin' => ['core:AdminPassword'], 'userpass' => ['exampleauth:UserPass'] + $people];
