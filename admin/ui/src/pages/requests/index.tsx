import { route } from "../../shell/router"
import { CallPage } from "./call"
import { RequestList } from "./list"

export default function RequestsPage() {
	const id = route.value.rest[0]
	return id ? <CallPage key={id} id={id} /> : <RequestList />
}
