<#
.SYNOPSIS
Posts a monitor's state of ConnectWise Automate to Tandem.

.DESCRIPTION
Automate has no webhook. An alert template runs a script "on failure" and "on success"; the script's step
"Execute Script (PowerShell)" or "Shell" calls this file with Automate's variables, see docs/integrations/connectwise.md.
C:\ProgramData\Tandem\automate.json, readable by the service account only: {"url": "...", "secret": "..."}.
Exit 0: stored by Tandem. 1: not.
#>
param(
    [Parameter(Mandatory)] [string] $Client,
    [Parameter(Mandatory)] [string] $Computer,
    [Parameter(Mandatory)] [string] $Monitor,
    [Parameter(Mandatory)] [ValidateSet('FAILED', 'SUCCESS')] [string] $Status,
    [string] $Location = '',
    [string] $Message = '',
    [string] $Priority = 'high',
    [string] $Config = 'C:\ProgramData\Tandem\automate.json'
)
$ErrorActionPreference = 'Stop'
[Net.ServicePointManager]::SecurityProtocol = [Net.SecurityProtocolType]::Tls12
$settings = Get-Content -Raw -LiteralPath $Config | ConvertFrom-Json
$alert = if ($Message) { $Message } else { "$Monitor on $Computer" }
$body = [ordered]@{
    tandem = 'automate/1'; client = $Client; location = $Location; computer = $Computer; monitor = $Monitor
    alert = $alert; status = $Status; priority = $Priority; time = (Get-Date).ToUniversalTime().ToString('o')
} | ConvertTo-Json
$headers = @{ Authorization = "Bearer $($settings.secret)" }
foreach ($pause in 0, 2, 5, 10) {
    Start-Sleep -Seconds $pause
    try {
        $bytes = [Text.Encoding]::UTF8.GetBytes($body)
        Invoke-RestMethod -Method Post -Uri $settings.url -Headers $headers -ContentType 'application/json' -Body $bytes -TimeoutSec 10 | Out-Null
        exit 0
    } catch {
        $said = $_.Exception.Message
    }
}
Write-Error "Tandem did not take the alert: $said" -ErrorAction Continue
exit 1
