# Made by tools/gen_man.py from the program's help. Do not edit.
_eventcore() {
  local current="${COMP_WORDS[COMP_CWORD]}" verb="" word words
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case " init import call list get export verify stats changes schema explain backup restore add-key rotate-key " in *" $word "*) verb=$word; break ;; esac
  done
  words="-h --help --version -s --store --key-file --passphrase-file --recovery-code-file --as --organization --token-file --accept-loss -q --quiet --json-errors"
  case "$verb" in
    "") words="$words init import call list get export verify stats changes schema explain backup restore add-key rotate-key" ;;
    init) words="$words -h --help --new-key-file --organization-name --owner-email --owner-name --currency" ;;
    import) words="$words -h --help -f --format --set --batch --import-id --keep-going --dry-run --open-event --venue-capacity --categories" ;;
    call) words="$words -h --help --idempotency-key --timeout" ;;
    list) words="$words -h --help -w --where -o --order-by -c --columns --expand -n --limit --all --after --count -f --format" ;;
    get) words="$words -h --help" ;;
    export) words="$words -h --help -t --table --to -f --format" ;;
    verify) words="$words -h --help --no-pages --problems-max" ;;
    stats) words="$words -h --help --counts" ;;
    changes) words="$words -h --help --since -n --limit --follow" ;;
    schema) words="$words -h --help" ;;
    explain) words="$words -h --help --values" ;;
    backup) words="$words -h --help --new-key-file --backup-key-file --backup-passphrase-file" ;;
    restore) words="$words -h --help --backup-key-file --backup-passphrase-file --replace" ;;
    add-key) words="$words -h --help --new-key-file --other-key-file --other-passphrase-file --name" ;;
    rotate-key) words="$words -h --help --new-key-file --other-key-file --other-passphrase-file --name --data-key" ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  [ ${#COMPREPLY[@]} -gt 0 ] || mapfile -t COMPREPLY < <(compgen -f -- "$current")
}
complete -o filenames -F _eventcore eventcore
