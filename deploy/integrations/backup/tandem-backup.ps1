<#
.SYNOPSIS
    Runs a backup and tells Tandem how it went. Windows PowerShell 5.1 and PowerShell 7.

.DESCRIPTION
        tandem-backup.ps1 -Job "robocopy shares" -Program robocopy.exe -Arguments 'D:\Shares','\\nas1\copy','/MIR'
        tandem-backup.ps1 -Job "restic nightly" -Program restic.exe -Arguments 'backup','D:\Data','--quiet'

    It posts the exit code, the duration and the last lines; the next success of the same job clears the failure.
    -Tool says whose exit codes these are (restic, robocopy, ...); default: the program's own name.

    The address and the secret stand in C:\ProgramData\Tandem\backup.json, readable by the service account only:
        { "url": "https://tandem.example/v1/alerts/backups", "secret": "...", "customer": "Acme",
          "heartbeat_url": "https://tandem.example/v1/heartbeats/backups/nas1/SECRET" }
    With "heartbeat_url" it also checks in (start, success, fail), so that a run that never comes is noticed too.

    Its exit code is the backup's.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [string] $Job,
    [Parameter(Mandatory)] [string] $Program,
    [string[]] $Arguments = @(),
    [string] $Tool = [IO.Path]::GetFileNameWithoutExtension($Program).ToLowerInvariant(),
    [string] $Severity,
    [string] $ConfigFile = (Join-Path $env:ProgramData 'Tandem\backup.json')
)

Set-StrictMode -Version 2
$PauseSeconds = 2, 5, 15, 30, 60, 120
$Lines = 20
$LineLength = 300

function Get-Setting($Config, [string] $Name) {
    if ($Config -and $Config.PSObject.Properties[$Name]) { return $Config.$Name }
    return $null
}

function Send-Post([string] $Url, [hashtable] $Headers, [byte[]] $Bytes) {
    for ($try = 0; ; $try++) {
        try {
            $null = Invoke-WebRequest -Uri $Url -Method Post -Body $Bytes -Headers $Headers `
                -ContentType 'application/json; charset=utf-8' -UseBasicParsing -TimeoutSec 15
            return
        }
        catch {
            # Windows PowerShell and PowerShell 7 have different exceptions; both keep the answer in Response.
            $response = if ($_.Exception.PSObject.Properties['Response']) { $_.Exception.Response } else { $null }
            $code = if ($response) { [int] $response.StatusCode } else { 0 }
            $final = $code -ge 400 -and $code -lt 500 -and $code -notin 408, 429
            if ($final -or $try -ge $PauseSeconds.Count) { throw "HTTP $code $($_.Exception.Message)" }
            Start-Sleep -Seconds $PauseSeconds[$try]
        }
    }
}

function Send-CheckIn($Config, [string] $Suffix) {
    $url = Get-Setting $Config 'heartbeat_url'
    if (-not $url) { return }
    try { Send-Post "$url$Suffix" @{} ([byte[]] @()) }
    catch { [Console]::Error.WriteLine("tandem-backup: the check-in was not taken: $($_.Exception.Message)") }
}

function Send-Report($Config, $Body) {
    $url = Get-Setting $Config 'url'
    $secret = Get-Setting $Config 'secret'
    if (-not $url -or -not $secret) {
        [Console]::Error.WriteLine("tandem-backup: url or secret is missing in ${ConfigFile}: nobody was told")
        return
    }
    $bytes = [Text.Encoding]::UTF8.GetBytes(($Body | ConvertTo-Json -Compress))
    try { Send-Post $url @{ Authorization = "Bearer $secret" } $bytes }
    catch { [Console]::Error.WriteLine("tandem-backup: Tandem did not take the report of '$Job': $($_.Exception.Message)") }
}

function Get-Tail($Output) {
    $last = $Output | ForEach-Object { "$_".TrimEnd() } | Where-Object { $_ } | Select-Object -Last $Lines
    $cut = $last | ForEach-Object { if ($_.Length -gt $LineLength) { $_.Substring(0, $LineLength) } else { $_ } }
    return ($cut -join "`n")
}

[Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12
$config = try { Get-Content -Raw -Path $ConfigFile -ErrorAction Stop | ConvertFrom-Json } catch { $null }
$started = (Get-Date).ToUniversalTime()
Send-CheckIn $config '/start'

$output = @()
try {
    & $Program @Arguments 2>&1 | Tee-Object -Variable output | Out-Host
    $code = $LASTEXITCODE
}
catch {
    $output += $_.Exception.Message
    $code = 127
}

# Robocopy's codes below 8 say what it copied.
$failed = if ($Tool -eq 'robocopy') { $code -ge 8 -or $code -lt 0 } else { $code -ne 0 }
$ended = (Get-Date).ToUniversalTime()
$body = [ordered] @{
    tandem = 'script/1'; job = $Job; tool = $Tool; state = $(if ($failed) { 'fail' } else { 'success' }); exit = $code
    host = $env:COMPUTERNAME; started_at = $started.ToString('yyyy-MM-ddTHH:mm:ssZ')
    ended_at = $ended.ToString('yyyy-MM-ddTHH:mm:ssZ'); duration_s = [int] ($ended - $started).TotalSeconds
    output = Get-Tail $output
}
$customer = Get-Setting $config 'customer'
if ($customer) { $body['customer'] = $customer }
if ($Severity) { $body['severity'] = $Severity }
Send-Report $config $body
Send-CheckIn $config $(if ($failed) { '/fail' } else { '' })
exit $code
